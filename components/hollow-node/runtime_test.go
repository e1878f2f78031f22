// The interfaces of 1.34 that these tests call lack contexts.
//go:build !kubernetes1.34

package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	v1 "k8s.io/api/core/v1"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/mount-utils"
)

func newContainer(t *testing.T, rt *fakeRuntime) string {
	t.Helper()
	id, err := rt.CreateContainer(context.Background(), "sandbox", &runtimeapi.ContainerConfig{
		Metadata: &runtimeapi.ContainerMetadata{Name: "c"},
		Image:    &runtimeapi.ImageSpec{Image: "pause"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func containerState(t *testing.T, rt *fakeRuntime, id string) runtimeapi.ContainerState {
	t.Helper()
	response, err := rt.ContainerStatus(context.Background(), id, false)
	if err != nil {
		t.Fatal(err)
	}
	return response.Status.State
}

func TestContainersStartAfterTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := newFakeRuntime(newContainerStarts(time.Minute, 0))
		id := newContainer(t, rt)
		start := time.Now()
		if err := rt.StartContainer(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v", took)
		}
		if state := containerState(t, rt, id); state != runtimeapi.ContainerState_CONTAINER_RUNNING {
			t.Errorf("state %v", state)
		}
	})
}

func TestNoContainerStartsBeforeItsPodsStatusIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := newFakeRuntime(newContainerStarts(0, 0))
		sandbox, err := rt.RunPodSandbox(context.Background(), &runtimeapi.PodSandboxConfig{
			Metadata: &runtimeapi.PodSandboxMetadata{Name: "p", Namespace: "n", Uid: "u"},
		}, "")
		if err != nil {
			t.Fatal(err)
		}
		id, err := rt.CreateContainer(context.Background(), sandbox, &runtimeapi.ContainerConfig{
			Metadata: &runtimeapi.ContainerMetadata{Name: "c"},
			Image:    &runtimeapi.ImageSpec{Image: "pause"},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		rt.updates.begin("u")
		go func() {
			time.Sleep(time.Minute)
			rt.updates.end("u")
		}()
		start := time.Now()
		if err := rt.StartContainer(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

func TestCancelEndsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := newFakeRuntime(newContainerStarts(time.Minute, 0))
		id := newContainer(t, rt)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		if err := rt.StartContainer(ctx, id); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v", took)
		}
		if state := containerState(t, rt, id); state != runtimeapi.ContainerState_CONTAINER_CREATED {
			t.Errorf("state %v", state)
		}
	})
}

func TestDelayedContainersDoNotHoldUpOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := newFakeRuntime(newContainerStarts(time.Minute, 0))
		id := newContainer(t, rt)
		go rt.StartContainer(context.Background(), id)
		synctest.Wait()
		start := time.Now()
		if err := rt.StartContainer(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v, as if one after the other", took)
		}
	})
}

func TestEachNodeHasItsOwnStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := mustParse(t, "--count", "2", "--container-start-time", "10s", "--parallel-container-starts", "1")
		nodes := []*fakeRuntime{o.newRuntime(), o.newRuntime()}
		begin := time.Now()
		done := make(chan error)
		for _, node := range nodes {
			go func() { done <- node.StartContainer(t.Context(), newContainer(t, node)) }()
		}
		for range nodes {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("took %v, as if nodes waited for each other", took)
		}
	})
}

func TestCallsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		rt, images, mounter := newFakeRuntime(newContainerStarts(0, 0)), newFakeImageService(), mount.NewFakeMounter(nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			forgetCalls(ctx, rt, images, mounter)
		}()
		newContainer(t, rt)
		if _, err := images.ListImages(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if err := mounter.Mount("tmpfs", t.TempDir(), "tmpfs", nil); err != nil {
			t.Fatal(err)
		}
		if len(rt.GetCalls()) == 0 || len(images.Called) == 0 || len(mounter.GetLog()) == 0 {
			t.Fatal("the fakes record no calls any more: forgetCalls can go")
		}
		time.Sleep(callLogRetention + time.Second)
		if len(rt.GetCalls()) != 0 || len(images.Called) != 0 || len(mounter.GetLog()) != 0 {
			t.Error("calls are kept")
		}
		cancel()
		<-done
	})
}

func TestEveryImageIsPresent(t *testing.T) {
	response, err := newFakeImageService().ImageStatus(t.Context(), &runtimeapi.ImageSpec{Image: "registry.example/pause:1"}, false)
	if err != nil || response.Image.GetId() == "" || response.Image.GetUid().GetValue() == 0 {
		t.Errorf("%v, %v: want an image whose user is not root", response, err)
	}
}

func TestContainersAreReadyOnceTheyRun(t *testing.T) {
	pod := &v1.Pod{Spec: v1.PodSpec{Containers: []v1.Container{
		{Name: "running", ReadinessProbe: &v1.Probe{}, StartupProbe: &v1.Probe{}},
		{Name: "waiting"},
	}}}
	status := &v1.PodStatus{ContainerStatuses: []v1.ContainerStatus{
		{Name: "running", State: v1.ContainerState{Running: &v1.ContainerStateRunning{}}},
		{Name: "waiting", State: v1.ContainerState{Waiting: &v1.ContainerStateWaiting{}}},
	}}
	probes := newProbeless()
	probes.AddPod(t.Context(), pod)
	probes.UpdatePodStatus(t.Context(), pod, status)
	if s := status.ContainerStatuses[0]; !s.Ready || !*s.Started {
		t.Errorf("runs, but: %+v", s)
	}
	if s := status.ContainerStatuses[1]; s.Ready || *s.Started {
		t.Errorf("does not run, but: %+v", s)
	}
}
