package main

import (
	"context"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
)

// What Kubelet.OnPodSandboxReady logs, at level 3, before it starts to update a pod's status in the background, and when that is done.
const (
	statusUpdateBegins = "OnPodSandboxReady callback invoked"
	statusUpdateEnds   = "Successfully updated PodReadyToStartContainers condition after sandbox creation"
)

// statusUpdates knows of the status updates that a kubelet has under way in the background. Once a pod's sandbox is ready, the kubelet
// (since 1.36) reads the pod's status, and writes it with a condition more. A container that is Running in between, as a hollow one can be, has
// that overwritten, and it comes back only with the next periodic sync, a minute or more later: it hit 2 of 23 rollouts of 199 pods, and one of
// two when each container took 20 ms to start. So no container starts before its pod's update is written. Of that the kubelet tells in its log
// only.
type statusUpdates struct {
	lock    sync.Mutex
	pending map[types.UID]chan struct{}
}

func newStatusUpdates() *statusUpdates {
	return &statusUpdates{pending: map[types.UID]chan struct{}{}}
}

func (u *statusUpdates) begin(pod types.UID) {
	u.lock.Lock()
	defer u.lock.Unlock()
	if _, ok := u.pending[pod]; !ok {
		u.pending[pod] = make(chan struct{})
	}
}

func (u *statusUpdates) end(pod types.UID) {
	u.lock.Lock()
	defer u.lock.Unlock()
	if done, ok := u.pending[pod]; ok {
		close(done)
		delete(u.pending, pod)
	}
}

// wait returns when the pod has no update under way, or ctx ends.
func (u *statusUpdates) wait(ctx context.Context, pod types.UID) error {
	u.lock.Lock()
	done, ok := u.pending[pod]
	u.lock.Unlock()
	if !ok {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// listening is the logger that tells updates of what the kubelet logs of them, and logs what it did before.
func (u *statusUpdates) listening(logger logr.Logger) logr.Logger {
	return logr.New(&listeningSink{LogSink: logger.GetSink(), updates: u})
}

// Level of the two messages.
const listenedLevel = 3

type listeningSink struct {
	logr.LogSink
	updates *statusUpdates
}

func (s *listeningSink) Enabled(level int) bool {
	return level == listenedLevel || s.LogSink.Enabled(level)
}

func (s *listeningSink) Info(level int, message string, keysAndValues ...any) {
	switch {
	case level != listenedLevel:
	case message == statusUpdateBegins:
		s.updates.begin(podUID(keysAndValues))
	case message == statusUpdateEnds:
		s.updates.end(podUID(keysAndValues))
	}
	if s.LogSink.Enabled(level) {
		s.LogSink.Info(level, message, keysAndValues...)
	}
}

func (s *listeningSink) WithValues(keysAndValues ...any) logr.LogSink {
	return &listeningSink{LogSink: s.LogSink.WithValues(keysAndValues...), updates: s.updates}
}

func (s *listeningSink) WithName(name string) logr.LogSink {
	return &listeningSink{LogSink: s.LogSink.WithName(name), updates: s.updates}
}

func (s *listeningSink) WithCallDepth(depth int) logr.LogSink {
	inner, ok := s.LogSink.(logr.CallDepthLogSink)
	if !ok {
		return s
	}
	return &listeningSink{LogSink: inner.WithCallDepth(depth), updates: s.updates}
}

func podUID(keysAndValues []any) types.UID {
	for i := 0; i+1 < len(keysAndValues); i += 2 {
		if uid, ok := keysAndValues[i+1].(types.UID); ok && keysAndValues[i] == "podUID" {
			return uid
		}
	}
	return ""
}
