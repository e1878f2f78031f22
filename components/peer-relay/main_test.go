package main

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.(*net.TCPListener)
}

// through connects to a server by way of a relay.
func through(t *testing.T, delay time.Duration, serve func(*net.TCPConn)) *net.TCPConn {
	t.Helper()
	server := listen(t)
	go func() {
		for {
			connection, err := server.AcceptTCP()
			if err != nil {
				return
			}
			go serve(connection)
		}
	}()
	front := listen(t)
	go relay(front, server.Addr().String(), delay)
	connection, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection.(*net.TCPConn)
}

func echo(connection *net.TCPConn) {
	defer connection.Close()
	io.Copy(connection, connection)
}

func TestRoundTripTakesTwiceTheDelay(t *testing.T) {
	connection := through(t, 2500*time.Microsecond, echo)
	var trips []time.Duration
	buffer := make([]byte, 100)
	for range 101 {
		started := time.Now()
		connection.Write(buffer)
		if _, err := io.ReadFull(connection, buffer); err != nil {
			t.Fatal(err)
		}
		trips = append(trips, time.Since(started))
	}
	slices.Sort(trips)
	t.Logf("asked for 5 ms: least %v, median %v, p90 %v, longest %v", trips[0], trips[50], trips[90], trips[100])
	if trips[0] < 5*time.Millisecond || trips[50] > 7*time.Millisecond {
		t.Errorf("a round trip took %v to %v, half of them %v", trips[0], trips[100], trips[50])
	}
}

func TestBytesInFlightDoNotWaitForEachOther(t *testing.T) {
	connection := through(t, 50*time.Millisecond, echo)
	started := time.Now()
	sent := make([]byte, 4<<20)
	for i := range sent {
		sent[i] = byte(i * 7 >> 3)
	}
	go func() {
		connection.Write(sent)
		connection.CloseWrite()
	}()
	received, err := io.ReadAll(connection)
	if err != nil || !slices.Equal(received, sent) {
		t.Fatalf("received %d of %d bytes: %v", len(received), len(sent), err)
	}
	if took := time.Since(started); took < 100*time.Millisecond || took > 2*time.Second {
		t.Errorf("4 MiB took %v", took)
	}
}

func TestEndArrivesAfterWhatWasSentBeforeIt(t *testing.T) {
	connection := through(t, 20*time.Millisecond, func(connection *net.TCPConn) {
		connection.Write([]byte("goodbye"))
		connection.Close()
	})
	started := time.Now()
	if received, err := io.ReadAll(connection); err != nil || string(received) != "goodbye" {
		t.Errorf("received %q: %v", received, err)
	}
	if took := time.Since(started); took < 20*time.Millisecond {
		t.Errorf("the end took %v", took)
	}
}
