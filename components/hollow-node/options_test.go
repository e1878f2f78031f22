package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
)

func mustParse(t *testing.T, args ...string) *hollowOptions {
	t.Helper()
	o, err := parseOptions(append([]string{"--kubeconfig", "kubeconfig"}, args...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestNodesAreNumbered(t *testing.T) {
	o := mustParse(t, "--name-prefix", "hn", "--first", "40", "--count", "3", "--base-port", "21000", "--root", "/state")
	if got := o.nodeName(0) + " " + o.nodeName(2); got != "hn-40 hn-42" {
		t.Errorf("names are %s", got)
	}
	if o.nodePort(0) != 21000 || o.nodePort(2) != 21002 {
		t.Errorf("ports are %d to %d", o.nodePort(0), o.nodePort(2))
	}
	if got := o.nodeRoot(2); got != "/state/hn-42" {
		t.Errorf("root is %s", got)
	}
	if got := mustParse(t, "--name-prefix", "hn").nodeName(0); got != "hn-0" {
		t.Errorf("the only node is named %s", got)
	}
}

func TestPacksShareTheNodes(t *testing.T) {
	for _, test := range []struct{ index, first, count string }{
		{"0", "hn-1", "3"}, {"1", "hn-4", "3"}, {"2", "hn-7", "2"},
	} {
		o := mustParse(t, "--name-prefix", "hn", "--first", "1", "--count", "3", "--total", "8", "--pack-index", test.index)
		if o.nodeName(0) != test.first || fmt.Sprint(o.count) != test.count {
			t.Errorf("pack %s starts with %s and has %d nodes, want %s and %s", test.index, o.nodeName(0), o.count, test.first, test.count)
		}
	}
	if o := mustParse(t, "--count", "3", "--pack-index", "2"); o.first != 6 || o.count != 3 {
		t.Errorf("without --total, pack 2 has nodes from %d on, %d of them", o.first, o.count)
	}
}

func TestOptions(t *testing.T) {
	o := mustParse(t, "--config", "a.yaml,b.json", "--memory", "2Gi", "--node-labels", "a=b,c=d", "--register-with-taints", "k=v:NoSchedule")
	if len(o.configFiles) != 2 || o.memory.Value() != 2<<30 || o.nodeLabels["c"] != "d" {
		t.Errorf("%+v", o)
	}
	if len(o.taints) != 1 || o.taints[0] != (v1.Taint{Key: "k", Value: "v", Effect: v1.TaintEffectNoSchedule}) {
		t.Errorf("taints %v", o.taints)
	}
	if !o.serve || o.address.String() != "127.0.0.1" {
		t.Errorf("serves %v on %v", o.serve, o.address)
	}
}

func TestWrongOptionsAreNamed(t *testing.T) {
	for _, args := range [][]string{
		{"--nope"},
		{"--count", "0"},
		{"--first", "-1"},
		{"--cpu", "0"},
		{"--memory", "0"},
		{"--memory", "much"},
		{"--container-start-time", "-1s"},
		{"--parallel-container-starts", "-1"},
		{"--start-interval", "-1s"},
		{"--address", "localhost"},
		{"--base-port", "65535", "--count", "2"},
		{"--base-port", "0"},
		{"--name-prefix", "Hollow"},
		{"--node-labels", "kubernetes.io/role=x"},
		{"--register-with-taints", "k=v:Sometimes"},
		{"--pack-index", "-1"},
		{"--pack-index", "2", "--count", "3", "--total", "6"},
		{"--total", "-1"},
		{"--address", "10.0.0.1"},
		{"--health-port", "70000"},
		{"--health-port", "10251", "--count", "2"},
		{"--certificates-file", "nodes.pem", "--client-ca-cert-file", "ca.crt", "--client-ca-key-file", "ca.key"},
		{"--client-ca-cert-file", "ca.crt"},
		{"--impersonate-node", "--client-ca-cert-file", "ca.crt", "--client-ca-key-file", "ca.key"},
	} {
		_, err := parseOptions(append([]string{"--kubeconfig", "kubeconfig"}, args...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), args[0]) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := parseOptions(nil, io.Discard); err == nil || !strings.Contains(err.Error(), "--kubeconfig") {
		t.Errorf("without --kubeconfig: %v", err)
	}
	if _, err := parseOptions([]string{"--kubeconfig", "kubeconfig", "extra"}, io.Discard); err == nil || !strings.Contains(err.Error(), "extra") {
		t.Errorf("with an argument: %v", err)
	}
}

func TestExitCodes(t *testing.T) {
	kubeconfig := writeFile(t, "kubeconfig", "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n")
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"version":    {[]string{"--version"}, 0},
		"help":       {[]string{"--help"}, 0},
		"flag":       {[]string{"--nope"}, 2},
		"config":     {[]string{"--kubeconfig", kubeconfig, "--config", writeOverlay(t, "maxPodz: 1")}, 2},
		"kubeconfig": {[]string{"--kubeconfig", kubeconfig + ".missing"}, 2},
		"root":       {[]string{"--kubeconfig", kubeconfig, "--serve=false", "--root", t.TempDir() + "/" + strings.Repeat("x", maxSocketPath)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout bytes.Buffer
			_, err := run(t.Context(), append([]string{"--root", t.TempDir()}, test.args...), &stdout)
			if got := exitCode(err); got != test.want {
				t.Errorf("exit code %d (%v), want %d", got, err, test.want)
			}
			if test.want != 0 && stdout.Len() > 0 {
				t.Errorf("stdout: %s", stdout.String())
			}
		})
	}
}
