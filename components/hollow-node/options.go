package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/cluster/ports"
	utilflag "k8s.io/kubernetes/pkg/util/flag"
)

// hollowOptions holds what is not part of a KubeletConfiguration: which nodes, where, as whom, and how large.
type hollowOptions struct {
	kubeconfig          string
	configFiles         []string
	namePrefix          string
	first               int
	count               int
	packIndex           int
	total               int
	cpu                 int
	memory              resource.QuantityValue
	containerStartTime  time.Duration
	parallelStarts      int
	startInterval       time.Duration
	address             net.IP
	basePort            int
	serve               bool
	servingClientCAFile string
	healthPort          int
	root                string
	nodeIP              net.IP
	nodeLabels          map[string]string
	taints              []v1.Taint
	certificatesFile    string
	clientCACertFile    string
	clientCAKeyFile     string
	impersonateNode     bool
	proxy               bool
	version             bool
}

// nodeName is always "prefix-index", also for a single node, so that names do not depend on how nodes are packed.
func (o *hollowOptions) nodeName(i int) string {
	return fmt.Sprintf("%s-%d", o.namePrefix, o.first+i)
}

func (o *hollowOptions) nodePort(i int) int {
	return o.basePort + i
}

// nodeRoot is also the kubelet's root directory.
func (o *hollowOptions) nodeRoot(i int) string {
	return filepath.Join(o.root, o.nodeName(i))
}

// subjects are whom the apiserver gets to see.
func (o *hollowOptions) subjects() []subject {
	var subjects []subject
	for i := range o.count {
		subjects = append(subjects, nodeSubject(o.nodeName(i)))
	}
	if o.proxy {
		subjects = append(subjects, proxySubject)
	}
	return subjects
}

func parseOptions(args []string, stdout io.Writer) (*hollowOptions, error) {
	o := &hollowOptions{
		memory:     resource.QuantityValue{Quantity: resource.MustParse("16Gi")},
		nodeLabels: map[string]string{},
	}
	fs := pflag.NewFlagSet("hollow-node", pflag.ContinueOnError)
	fs.SetOutput(stdout)
	fs.SortFlags = false
	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster the nodes join (required)")
	fs.StringSliceVar(&o.configFiles, "config", nil, "KubeletConfiguration files, JSON or YAML; later ones override earlier ones, defaults apply last")
	fs.StringVar(&o.namePrefix, "name-prefix", "hollow-node", "nodes are named <prefix>-<index>")
	fs.IntVar(&o.first, "first", 0, "index of the first node")
	fs.IntVar(&o.count, "count", 1, "number of nodes")
	fs.IntVar(&o.packIndex, "pack-index", 0, "index of this process among those that share these flags: each has the --count nodes after the previous one's")
	fs.IntVar(&o.total, "total", 0, "number of nodes of all those processes, by which the last one has fewer (default: --count each)")
	fs.IntVar(&o.cpu, "cpu", 4, "cores of each node")
	fs.Var(&o.memory, "memory", "memory of each node")
	fs.DurationVar(&o.containerStartTime, "container-start-time", 0, "time each container takes to start; pods start in parallel, the containers of a pod one after another")
	fs.IntVar(&o.parallelStarts, "parallel-container-starts", 0, "number of containers that each node starts at a time, first come, first served; 0 for any number")
	fs.DurationVar(&o.startInterval, "start-interval", 0, "pause between the starts of two kubelets")
	fs.IPVar(&o.address, "address", net.IPv4(127, 0, 0, 1), "IP the kubelets serve on; without --serving-client-ca-file a loopback one")
	fs.IntVar(&o.basePort, "base-port", ports.KubeletPort, "port of the first node's kubelet; each further node takes the next one")
	fs.BoolVar(&o.serve, "serve", true, "serve the kubelet API (/metrics, /configz, ...) over https")
	fs.StringVar(&o.servingClientCAFile, "serving-client-ca-file", "", "CA of the kubelet API's clients, such as the apiserver's node proxy; they, and bearers of tokens, are then authorized by the apiserver (default: everybody is let in)")
	fs.IntVar(&o.healthPort, "health-port", 0, "port, on --address, of an HTTP server whose /readyz is OK once all kubelets run; 0 for none")
	fs.StringVar(&o.root, "root", filepath.Join(os.TempDir(), "hollow-node"), "folder for all state; created here, removed at exit")
	fs.IPVar(&o.nodeIP, "node-ip", nil, "IP the nodes report; must be one of this machine's, but no loopback one (default: the one of the default route)")
	fs.Var((*cliflag.ConfigurationMap)(&o.nodeLabels), "node-labels", "labels of each node, <key>=<value>,...")
	fs.Var(utilflag.RegisterWithTaintsVar{Value: &o.taints}, "register-with-taints", "taints of each node, <key>=<value>:<effect>,...; overrides the configuration's")
	fs.StringVar(&o.certificatesFile, "certificates-file", "", "PEM file with a client certificate for each system:node:<name> (and, with --proxy, for system:kube-proxy), each followed by its key")
	fs.StringVar(&o.clientCACertFile, "client-ca-cert-file", "", "CA the apiserver accepts clients of: each node gets a certificate for system:node:<name> of its own")
	fs.StringVar(&o.clientCAKeyFile, "client-ca-key-file", "", "key of that CA")
	fs.BoolVar(&o.impersonateNode, "impersonate-node", false, "act as system:node:<name> with the kubeconfig's identity, which must be allowed to impersonate")
	fs.BoolVar(&o.proxy, "proxy", false, "beside each kubelet, watch what a kube-proxy watches, as system:kube-proxy; nothing is programmed")
	fs.BoolVar(&o.version, "version", false, "print the Kubernetes version and exit")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if o.version {
		return o, nil
	}
	root, err := filepath.Abs(o.root)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	o.root = root
	if err := o.validate(); err != nil {
		return nil, err
	}
	return o, o.takeShare()
}

func (o *hollowOptions) validate() error {
	switch {
	case o.kubeconfig == "":
		return errors.New("--kubeconfig is required")
	case o.count < 1:
		return fmt.Errorf("--count %d: must be at least 1", o.count)
	case o.first < 0:
		return fmt.Errorf("--first %d: must not be negative", o.first)
	case o.packIndex < 0:
		return fmt.Errorf("--pack-index %d: must not be negative", o.packIndex)
	case o.total < 0:
		return fmt.Errorf("--total %d: must not be negative", o.total)
	case o.cpu < 1:
		return fmt.Errorf("--cpu %d: must be at least 1", o.cpu)
	case o.memory.Sign() <= 0:
		return fmt.Errorf("--memory %s: must be positive", o.memory.String())
	case o.containerStartTime < 0:
		return fmt.Errorf("--container-start-time %v: must not be negative", o.containerStartTime)
	case o.parallelStarts < 0:
		return fmt.Errorf("--parallel-container-starts %d: must not be negative", o.parallelStarts)
	case o.startInterval < 0:
		return fmt.Errorf("--start-interval %v: must not be negative", o.startInterval)
	case (o.clientCACertFile == "") != (o.clientCAKeyFile == ""):
		return errors.New("--client-ca-cert-file and --client-ca-key-file go together")
	case o.identities() > 1:
		return errors.New("--impersonate-node, --client-ca-cert-file and --certificates-file exclude each other")
	case o.serve && o.servingClientCAFile == "" && !o.address.IsLoopback():
		return fmt.Errorf("--address %s: everybody there would be let in; give --serving-client-ca-file", o.address)
	}
	last := o.count - 1
	if errs := validation.IsDNS1123Subdomain(o.nodeName(last)); len(errs) > 0 {
		return fmt.Errorf("--name-prefix %q: node name %q: %s", o.namePrefix, o.nodeName(last), strings.Join(errs, ", "))
	}
	for _, port := range []int{o.basePort, o.nodePort(last)} {
		if errs := validation.IsValidPortNum(port); len(errs) > 0 {
			return fmt.Errorf("--base-port %d: port %d: %s", o.basePort, port, strings.Join(errs, ", "))
		}
	}
	if errs := validation.IsValidPortNum(o.healthPort); o.healthPort != 0 && len(errs) > 0 {
		return fmt.Errorf("--health-port %d: %s", o.healthPort, strings.Join(errs, ", "))
	}
	if o.serve && o.basePort <= o.healthPort && o.healthPort <= o.nodePort(last) {
		return fmt.Errorf("--health-port %d: is a kubelet's (--base-port %d)", o.healthPort, o.basePort)
	}
	return options.ValidateKubeletFlags(&options.KubeletFlags{NodeLabels: o.nodeLabels})
}

// identities counts the ways to identify that were chosen.
func (o *hollowOptions) identities() int {
	chosen := 0
	for _, is := range []bool{o.certificatesFile != "", o.clientCACertFile != "", o.impersonateNode} {
		if is {
			chosen++
		}
	}
	return chosen
}

// takeShare turns the nodes of the first process into those of the one with --pack-index.
func (o *hollowOptions) takeShare() error {
	before := o.packIndex * o.count
	if o.total > 0 {
		if before >= o.total {
			return fmt.Errorf("--pack-index %d: the ones before it have all %d nodes (--count %d each)", o.packIndex, o.total, o.count)
		}
		o.count = min(o.count, o.total-before)
	}
	o.first += before
	return nil
}
