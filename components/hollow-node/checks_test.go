package main

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

func TestMissingOpenFilesAreReported(t *testing.T) {
	limit, err := openFileLimit()
	if err != nil {
		t.Fatal(err)
	}
	if err := checkOpenFiles(1); err != nil {
		t.Error(err)
	}
	if err := checkOpenFiles(int(limit)); err == nil || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("%v", err)
	}
}

func TestMissingInotifyInstancesAreReported(t *testing.T) {
	if err := checkInotifyInstances(1); err != nil {
		t.Error(err)
	}
	limit, err := openFileLimit()
	if err != nil {
		t.Fatal(err)
	}
	// Whichever of the two limits is lower.
	err = checkInotifyInstances(int(limit))
	if err == nil || !strings.Contains(err.Error(), "fs.inotify.max_user_instances=") {
		t.Errorf("%v", err)
	}
}

func TestTakenPortIsReported(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	err = checkPorts(mustParse(t, "--base-port", strconv.Itoa(port-1), "--count", "2"))
	if err == nil || !strings.Contains(err.Error(), "hollow-node-1") || !strings.Contains(err.Error(), strconv.Itoa(port)) {
		t.Errorf("%v", err)
	}
}

func TestNodeIP(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "169.254.1.1", "192.0.2.254", "::1"} {
		if got, err := resolveNodeIP(net.ParseIP(ip)); err == nil {
			t.Errorf("%s accepted as %s", ip, got)
		}
	}
	found, err := resolveNodeIP(nil)
	if err != nil {
		t.Skip("this machine has no IP to report:", err)
	}
	if got, err := resolveNodeIP(found); err != nil || !got.Equal(found) {
		t.Errorf("%v, %v: want %v", got, err, found)
	}
}
