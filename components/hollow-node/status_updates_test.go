package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"k8s.io/apimachinery/pkg/types"
)

func TestStatusUpdatesAreHeardOfInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		base := funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{Verbosity: 2})
		updates := newStatusUpdates()
		logger := updates.listening(base).WithValues("node", "hollow-0").WithName("kubelet")
		uid := types.UID("a")
		if err := updates.wait(context.Background(), uid); err != nil {
			t.Fatal(err)
		}
		logger.V(3).Info(statusUpdateBegins, "pod", "default/a", "podUID", uid)
		go func() {
			time.Sleep(time.Minute)
			logger.WithCallDepth(1).V(3).Info(statusUpdateEnds, "pod", "default/a", "podUID", uid)
		}()
		start := time.Now()
		if err := updates.wait(context.Background(), types.UID("another")); err != nil || time.Since(start) != 0 {
			t.Errorf("another pod waited %v: %v", time.Since(start), err)
		}
		if err := updates.wait(context.Background(), uid); err != nil || time.Since(start) != time.Minute {
			t.Errorf("waited %v: %v", time.Since(start), err)
		}
		if len(updates.pending) > 0 {
			t.Errorf("remembers %v", updates.pending)
		}
		logger.V(2).Info("shown")
		logger.V(4).Info("not shown")
		if len(lines) != 1 || !strings.Contains(lines[0], "shown") || !strings.Contains(lines[0], "hollow-0") {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestWaitingForAStatusUpdateEndsWithItsContext(t *testing.T) {
	updates := newStatusUpdates()
	updates.begin("a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := updates.wait(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The kubelet's words are no interface: where it updates statuses in the background, it has to say so in these.
func TestTheKubeletLogsItsStatusUpdatesInTheseWords(t *testing.T) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes").Output()
	if err != nil {
		t.Skipf("no sources to look at: %v", err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "pkg", "kubelet", "kubelet.go"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	if !strings.Contains(text, "OnPodSandboxReady(") {
		return
	}
	for _, words := range []string{`V(3).Info("` + statusUpdateBegins + `"`, `V(3).Info("` + statusUpdateEnds + `"`, `"podUID", pod.UID`} {
		if !strings.Contains(text, words) {
			t.Errorf("kubelet.go has no %s", words)
		}
	}
}

var _ logr.CallDepthLogSink = &listeningSink{}
