package main

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"k8s.io/klog/v2"
)

// startCount is how many kubelets run, for whoever asks.
type startCount struct {
	of      int
	started atomic.Int32
}

func (c *startCount) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	started := int(c.started.Load())
	if started < c.of {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintf(w, "%d of %d nodes started\n", started, c.of)
}

// serveHealth answers until the process ends. There is nothing to say of being alive: the process ends when a kubelet fails.
func serveHealth(address net.IP, port int, count *startCount) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(address.String(), strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("--health-port: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /readyz", count)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { klog.Error(server.Serve(listener), " serving health") }()
	return nil
}
