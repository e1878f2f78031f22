// Command peer-relay stands between the members of an etcd cluster, and makes every byte wait as if they were far from each other: half a
// round trip in each direction. It looks into nothing, so TLS passes through it. Connections are accepted at once: only what is sent on
// them is late.
//
//	peer-relay --delay=2.5ms LISTEN=TARGET ...
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

func main() {
	delay := flag.Duration("delay", 0, "how long bytes wait, in each direction")
	flag.Parse()
	if err := run(*delay, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "peer-relay:", err)
		os.Exit(1)
	}
}

func run(delay time.Duration, routes []string) error {
	if len(routes) == 0 {
		return fmt.Errorf("nothing to relay: expected LISTEN=TARGET")
	}
	failed := make(chan error)
	for _, route := range routes {
		address, target, found := strings.Cut(route, "=")
		if !found {
			return fmt.Errorf("%q: expected LISTEN=TARGET", route)
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go func() { failed <- relay(listener, target, delay) }()
	}
	return <-failed
}

// relay passes on what comes in, until the listener fails.
func relay(listener net.Listener, target string, delay time.Duration) error {
	for {
		near, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			far, err := net.Dial("tcp", target)
			if err != nil {
				near.Close()
				return
			}
			go pass(far.(*net.TCPConn), near.(*net.TCPConn), delay)
			pass(near.(*net.TCPConn), far.(*net.TCPConn), delay)
		}()
	}
}

// chunk is what was read at once, and when it is to arrive.
type chunk struct {
	bytes []byte
	due   time.Time
}

// inFlight bounds what one direction of a connection holds; a reader that is further ahead waits, and so does the sender behind it.
const inFlight = 1024

// pass carries bytes one way until either side closes. What is on its way then still arrives, and after it the end.
func pass(to, from *net.TCPConn, delay time.Duration) {
	chunks := make(chan chunk, inFlight)
	go func() {
		defer close(chunks)
		for {
			buffer := make([]byte, 16<<10)
			n, err := from.Read(buffer)
			// The end takes as long as what came before it.
			chunks <- chunk{buffer[:n], time.Now().Add(delay)}
			if err != nil {
				if err != io.EOF {
					to.SetLinger(0)
				}
				return
			}
		}
	}()
	for next := range chunks {
		sleepUntil(next.due)
		if _, err := to.Write(next.bytes); err != nil {
			// Ends the reader, which is then read dry.
			from.Close()
		}
	}
	to.CloseWrite()
}

// sleepUntil is exact to some tens of microseconds. Go's own timers wait in epoll, which counts milliseconds.
func sleepUntil(due time.Time) {
	for left := time.Until(due); left > 0; left = time.Until(due) {
		span := syscall.NsecToTimespec(left.Nanoseconds())
		// Signals, by which Go preempts threads, end it early.
		_ = syscall.Nanosleep(&span, nil)
	}
}
