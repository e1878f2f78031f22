package main

import (
	"errors"
	"sync"

	"go.opentelemetry.io/otel/trace"
	"k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/pkg/kubelet"
	"k8s.io/kubernetes/pkg/kubelet/cm"
)

// ignoreKernelLog keeps a kubelet from reading /dev/kmsg. It does so for its watcher of OOM kills: as many readers as nodes, each
// reporting the kills of the machine below as its own, and none able to start without access to the log. No setting turns it off,
// but a kubelet that has a FakeRecorder of events makes none. So it has one while NewMainKubelet makes the watcher: from its
// question for the cgroup of pods, just before, to its question for a tracer, just after. The function that is returned says
// whether that is still so, once the kubelet was made.
func ignoreKernelLog(d *kubelet.Dependencies) (check func() error) {
	s := &recorderSwap{dependencies: d}
	d.ContainerManager = cgroupQuestion{d.ContainerManager, s}
	d.TracerProvider = tracerQuestion{d.TracerProvider, s}
	return s.check
}

type recorderSwap struct {
	dependencies *kubelet.Dependencies
	recorder     eventRecorder
	hidden, back sync.Once
}

func (s *recorderSwap) hide() {
	s.hidden.Do(func() {
		s.recorder, s.dependencies.Recorder = s.dependencies.Recorder, &record.FakeRecorder{}
	})
}

func (s *recorderSwap) putBack() {
	if s.recorder != nil {
		s.back.Do(func() { s.dependencies.Recorder = s.recorder })
	}
}

func (s *recorderSwap) check() error {
	if s.recorder == nil || s.dependencies.Recorder != s.recorder {
		return errors.New("this version of the kubelet makes its OOM watcher at another moment: see ignoreKernelLog")
	}
	return nil
}

type cgroupQuestion struct {
	cm.ContainerManager
	swap *recorderSwap
}

func (q cgroupQuestion) GetPodCgroupRoot() string {
	q.swap.hide()
	return q.ContainerManager.GetPodCgroupRoot()
}

type tracerQuestion struct {
	trace.TracerProvider
	swap *recorderSwap
}

func (q tracerQuestion) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	q.swap.putBack()
	return q.TracerProvider.Tracer(name, options...)
}
