package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

const (
	// filesPerProcess and filesPerNode are about twice what was seen.
	filesPerProcess = 64
	filesPerNode    = 8

	// maxSocketPath is the size of sockaddr_un's path, less its terminator.
	maxSocketPath = 107
)

// checkMachine finds early what would otherwise stop some of the kubelets later, each in its own way.
func checkMachine(o *hollowOptions) error {
	if err := checkOpenFiles(o.count); err != nil {
		return err
	}
	if err := checkInotifyInstances(o.count); err != nil {
		return err
	}
	if err := checkSocketPath(o.nodeRoot(o.count - 1)); err != nil {
		return err
	}
	if !o.serve {
		return nil
	}
	return checkPorts(o)
}

// openFileLimit is the hard limit as well: Go raises the soft one to it.
func openFileLimit() (uint64, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return limit.Cur, err
}

func checkOpenFiles(nodes int) error {
	limit, err := openFileLimit()
	if err != nil {
		return err
	}
	if need := uint64(filesPerProcess + filesPerNode*nodes); limit < need {
		return fmt.Errorf("%d nodes need %d open files, but the limit is %d: raise it (ulimit -n %d) or start fewer nodes per process", nodes, need, limit, need)
	}
	return nil
}

// checkInotifyInstances takes the instances that the plugin watchers of the kubelets are going to take, because the limit is per
// user: the sysctl does not tell how many are free.
func checkInotifyInstances(nodes int) error {
	for free := range nodes {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if errors.Is(err, unix.EMFILE) {
			return fmt.Errorf("%d nodes need %d inotify instances, but only %d are left: %w", nodes, nodes, free, inotifyAdvice(nodes-free))
		}
		if err != nil {
			return fmt.Errorf("inotify: %w", err)
		}
		defer unix.Close(fd)
	}
	return nil
}

func inotifyAdvice(missing int) error {
	const sysctl = "fs.inotify.max_user_instances"
	limit, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(sysctl, ".", "/"))
	if err != nil {
		return err
	}
	current, err := strconv.Atoi(strings.TrimSpace(string(limit)))
	if err != nil {
		return err
	}
	return fmt.Errorf("raise it (sysctl -w %s=%d, now %d) or start fewer nodes on this machine", sysctl, current+missing, current)
}

func checkSocketPath(nodeRoot string) error {
	if socket := filepath.Join(nodeRoot, "pod-resources", "kubelet.sock"); len(socket) > maxSocketPath {
		return fmt.Errorf("--root is too long: %s has more than %d characters", socket, maxSocketPath)
	}
	return nil
}

func checkPorts(o *hollowOptions) error {
	for i := range o.count {
		listener, err := net.Listen("tcp", net.JoinHostPort(o.address.String(), strconv.Itoa(o.nodePort(i))))
		if err != nil {
			return fmt.Errorf("kubelet of %s: %w", o.nodeName(i), err)
		}
		listener.Close()
	}
	return nil
}

// resolveNodeIP finds the IP that the nodes report. Given to every kubelet, it also spares each a DNS lookup of its name per
// status update. The kubelet itself would accept any IP here and then never get Ready.
func resolveNodeIP(wanted net.IP) (net.IP, error) {
	if wanted == nil {
		if ip, err := utilnet.ResolveBindAddress(nil); err == nil {
			return ip, nil
		}
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		network, ok := address.(*net.IPNet)
		if ok && network.IP.IsGlobalUnicast() && (wanted == nil || network.IP.Equal(wanted)) {
			return network.IP, nil
		}
	}
	if wanted == nil {
		return nil, errors.New("this machine has no IP that nodes can report: the kubelet accepts neither loopback nor link-local ones")
	}
	return nil, fmt.Errorf("--node-ip %s: must be an IP of this machine, neither a loopback nor a link-local one", wanted)
}
