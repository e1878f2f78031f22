// Command pause keeps a pod's namespaces open: it does nothing until it is told to end, and collects the orphans of the pod, whose
// first process it may be.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD {
			return
		}
		collectOrphans()
	}
}

// collectOrphans takes all there are, because signals that arrive at once are delivered as one.
func collectOrphans() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
			return
		}
	}
}
