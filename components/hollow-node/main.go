// Command hollow-node runs real kubelets that own no machine: everything towards the apiserver (clients and their rate
// limiters, status, events, leases, pod workers) is the kubelet's own code, while container runtime, cadvisor, cgroups and
// mounts are Kubernetes' in-memory fakes. Kubemark does the same, but sends no events and lets few kubelet settings through.
//
// One process runs any number of kubelets that share one KubeletConfiguration, because feature gates, /configz and /metrics
// belong to a process. A kubelet cannot be stopped, so neither can a single node: the process is what is started and stopped.
//
// Limits of a hollow node: containers never exit on their own (no Jobs, no plain init containers), probes are not run, all
// pods have the same IP, and only volumes made of API objects, emptyDir and hostPath are known.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
	"k8s.io/component-base/version"
	"k8s.io/klog/v2"
)

// invalidInput marks what the caller has to correct (a flag or a file), as opposed to what the machine fails to provide.
type invalidInput struct{ error }

func (e invalidInput) Unwrap() error { return e.error }

func main() {
	if len(os.Args) == 4 && os.Args[1] == removeRootCommand {
		os.Exit(removeRoot(os.Args[2], os.Args[3]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	root, err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil {
		klog.Flush()
		fmt.Fprintln(os.Stderr, "hollow-node: "+strings.ReplaceAll(err.Error(), "\n", " "))
	}
	if root != nil {
		root.leave(exitCode(err))
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(invalidInput)):
		return 2
	default:
		return 1
	}
}

// run starts the nodes and keeps them until ctx ends. Whatever can be found wrong is found before the first node starts. The
// folder it returns, if any, is in use by kubelets until the process ends.
func run(ctx context.Context, args []string, stdout io.Writer) (*stateRoot, error) {
	o, err := parseOptions(args, stdout)
	if errors.Is(err, pflag.ErrHelp) {
		return nil, nil
	}
	if err != nil {
		return nil, invalidInput{err}
	}
	if o.version {
		_, err := fmt.Fprintln(stdout, "Kubernetes", version.Get())
		return nil, err
	}
	h, err := newHollowNodes(o)
	if err != nil {
		return nil, invalidInput{err}
	}
	if err := checkMachine(o); err != nil {
		return nil, err
	}
	root, err := claimRoot(o.root)
	if err != nil {
		return nil, err
	}
	if err := h.start(ctx); err != nil || ctx.Err() != nil {
		return root, err
	}
	if err := json.NewEncoder(stdout).Encode(startedEvent{Event: "started", Nodes: o.count}); err != nil {
		return root, err
	}
	<-ctx.Done()
	return root, nil
}

// startedEvent is the one line on stdout: every kubelet runs, whether or not the apiserver answers it.
type startedEvent struct {
	Event string `json:"event"`
	Nodes int    `json:"nodes"`
}
