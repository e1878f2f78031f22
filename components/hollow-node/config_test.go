package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
)

const kubeletConfigurationHeader = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"

// writeFile returns the path of a new file.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// writeOverlay returns a file with the given fields of a KubeletConfiguration.
func writeOverlay(t *testing.T, fields string) string {
	t.Helper()
	return writeFile(t, "overlay.yaml", kubeletConfigurationHeader+fields)
}

func mustLoad(t *testing.T, files ...string) *kubeletconfig.KubeletConfiguration {
	t.Helper()
	c, err := loadKubeletConfiguration(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigurationDefaults(t *testing.T) {
	c := mustLoad(t)
	if c.KubeAPIQPS != 50 || c.KubeAPIBurst != 100 || c.EventRecordQPS != 50 || c.EventBurst != 100 || c.MaxPods != 110 {
		t.Errorf("limits are not the kubelet's defaults: %d/%d %d/%d %d", c.KubeAPIQPS, c.KubeAPIBurst, c.EventRecordQPS, c.EventBurst, c.MaxPods)
	}
	if c.NodeStatusUpdateFrequency.Duration != 10*time.Second || c.NodeStatusReportFrequency.Duration != 5*time.Minute {
		t.Errorf("node status frequencies: %v, %v", c.NodeStatusUpdateFrequency, c.NodeStatusReportFrequency)
	}
}

func TestExplicitUpdateFrequencySetsReportFrequency(t *testing.T) {
	c := mustLoad(t, writeOverlay(t, "nodeStatusUpdateFrequency: 10s"))
	if c.NodeStatusReportFrequency.Duration != 10*time.Second {
		t.Errorf("nodeStatusReportFrequency is %v, want the explicit nodeStatusUpdateFrequency", c.NodeStatusReportFrequency)
	}
}

func TestLaterFilesOverrideEarlierOnes(t *testing.T) {
	c := mustLoad(t,
		writeOverlay(t, "maxPods: 250\nkubeAPIQPS: 5\nlogging: {verbosity: 2}"),
		writeFile(t, "overlay.json", `{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "kubeAPIQPS": 70, "logging": {"format": "json"}}`),
	)
	if c.MaxPods != 250 || c.KubeAPIQPS != 70 {
		t.Errorf("maxPods %d, kubeAPIQPS %d: want 250 of the first file and 70 of the second", c.MaxPods, c.KubeAPIQPS)
	}
	if c.Logging.Verbosity != 2 || c.Logging.Format != "json" {
		t.Errorf("logging %+v: want the verbosity of the first file and the format of the second", c.Logging)
	}
}

func TestNullRestoresTheDefault(t *testing.T) {
	if c := mustLoad(t, writeOverlay(t, "maxPods: 250"), writeOverlay(t, "maxPods: null")); c.MaxPods != 110 {
		t.Errorf("maxPods is %d, want the default", c.MaxPods)
	}
}

func TestWrongConfigurationIsNamed(t *testing.T) {
	for name, test := range map[string]struct{ fields, want string }{
		"unknown field":           {"maxPodz: 3", `unknown field "maxPodz"`},
		"unknown nested field":    {"authentication: {anon: 1}", `unknown field "authentication.anon"`},
		"two unknown fields":      {"maxPodz: 3\nmaxPodx: 3", `unknown field "maxPodz"`},
		"duplicate field":         {"maxPods: 3\nmaxPods: 4", `"maxPods" already set`},
		"wrong type":              {"maxPods: many", "KubeletConfiguration.maxPods"},
		"fraction":                {"kubeAPIBurst: 1.5", "KubeletConfiguration.kubeAPIBurst"},
		"too large":               {"maxPods: 3000000000", "KubeletConfiguration.maxPods"},
		"wrong duration":          {"syncFrequency: soon", "syncFrequency: "},
		"negative duration":       {"nodeStatusUpdateFrequency: -1s", "nodeStatusUpdateFrequency: -1s"},
		"negative limit":          {"kubeAPIQPS: -1", "kubeAPIQPS"},
		"contradiction":           {"imageGCLowThresholdPercent: 90", "imageGCLowThresholdPercent"},
		"unknown feature gate":    {"featureGates: {Nope: true}", "featureGates: unrecognized feature gate: Nope"},
		"wrong hard eviction":     {`evictionHard: {memory.available: lots}`, "evictionHard"},
		"wrong soft eviction":     {`evictionSoft: {memory.available: 1Gi}`, "evictionSoft"},
		"wrong reservation":       {"kubeReserved: {cpu: some}", "kubeReserved: "},
		"unknown reserved":        {"systemReserved: {gpu: 1}", "systemReserved: "},
		"wrong log size":          {"containerLogMaxSize: big", "containerLogMaxSize: "},
		"wrong TLS version":       {"tlsMinVersion: VersionTLS9", "tlsMinVersion: "},
		"unknown change strategy": {"configMapAndSecretChangeDetectionStrategy: Guess", "configMapAndSecretChangeDetectionStrategy: "},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeOverlay(t, test.fields)
			_, err := loadKubeletConfiguration([]string{writeOverlay(t, "maxPods: 7"), file})
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("%q names not both %q and %s", err, test.want, file)
			}
		})
	}
}

func TestOtherObjectsAreRejected(t *testing.T) {
	for name, content := range map[string]string{
		"without kind":  "maxPods: 3",
		"empty":         "",
		"another kind":  "apiVersion: v1\nkind: Pod",
		"kubelet's own": "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig",
		"no YAML":       ": [",
	} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, "overlay.yaml", content)
			if _, err := loadKubeletConfiguration([]string{file}); err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("%v: want an error that names %s", err, file)
			}
		})
	}
}

// A configuration of a real node must not make the hollow ones touch the machine.
func TestConfigurationIsDetachedFromTheMachine(t *testing.T) {
	c := mustLoad(t, writeOverlay(t, `
staticPodPath: /etc/kubernetes/manifests
resolvConf: /etc/resolv.conf
cgroupsPerQOS: true
enforceNodeAllocatable: [pods]
evictionHard: {nodefs.available: 1Gi}
shutdownGracePeriod: 30s
enableSystemLogHandler: true
readOnlyPort: 10255
serverTLSBootstrap: true
failCgroupV1: true
authentication: {x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}
clusterDNS: [10.0.0.53]
`))
	if c.StaticPodPath != "" || c.ResolverConfig != "" || c.CgroupsPerQOS || c.EnforceNodeAllocatable != nil || c.EvictionHard != nil ||
		c.ShutdownGracePeriod.Duration != 0 || c.EnableSystemLogHandler || c.ReadOnlyPort != 0 || c.HealthzPort != 0 ||
		c.ServerTLSBootstrap || c.MakeIPTablesUtilChains || c.Authentication.X509.ClientCAFile != "" {
		t.Errorf("still attached: %#v", c)
	}
	if len(c.ClusterDNS) != 1 || c.ClusterDNS[0] != "10.0.0.53" {
		t.Errorf("clusterDNS is %v, want the file's", c.ClusterDNS)
	}
	if c := mustLoad(t); len(c.ClusterDNS) == 0 {
		t.Error("no clusterDNS: each pod would cost an event")
	}
}
