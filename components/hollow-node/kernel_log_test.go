package main

import (
	"testing"

	"go.opentelemetry.io/otel/trace/noop"
	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/pkg/kubelet"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubelet/oom"
)

func TestKernelLogIsNotRead(t *testing.T) {
	recorder := record.NewBroadcaster().NewRecorder(scheme.Scheme, v1.EventSource{Component: "kubelet"})
	d := &kubelet.Dependencies{ContainerManager: cm.NewStubContainerManager(), TracerProvider: noop.NewTracerProvider(), Recorder: recorder}
	check := ignoreKernelLog(d)

	_ = d.ContainerManager.GetPodCgroupRoot()
	if watcher, err := oom.NewWatcher(d.Recorder); watcher != nil || err != nil {
		t.Errorf("watcher %v, %v", watcher, err)
	}
	if check() == nil {
		t.Error("a kubelet without its recorder was not noticed")
	}
	_ = d.TracerProvider.Tracer("kubelet")
	// The kubelet's statistics ask again, at any time.
	_ = d.ContainerManager.GetPodCgroupRoot()
	if err := check(); err != nil || d.Recorder != recorder {
		t.Errorf("recorder %v, %v", d.Recorder, err)
	}
}

func TestMissingQuestionIsNoticed(t *testing.T) {
	d := &kubelet.Dependencies{ContainerManager: cm.NewStubContainerManager(), TracerProvider: noop.NewTracerProvider()}
	check := ignoreKernelLog(d)
	_ = d.TracerProvider.Tracer("kubelet")
	if check() == nil {
		t.Error("nobody asked for the cgroup, and that was not noticed")
	}
}
