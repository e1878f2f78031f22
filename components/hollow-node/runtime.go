package main

import (
	"context"
	"os"
	"time"

	v1 "k8s.io/api/core/v1"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	apitest "k8s.io/cri-api/pkg/apis/testing"
	containertest "k8s.io/kubernetes/pkg/kubelet/container/testing"
	"k8s.io/kubernetes/pkg/kubelet/prober"
	"k8s.io/kubernetes/pkg/kubelet/prober/results"
	"k8s.io/mount-utils"
)

// callLogRetention bounds the memory of Kubernetes' fakes, which record every call.
const callLogRetention = time.Minute

// fakeRuntime is the container runtime of one node. Pods start in parallel, each in its pod worker; the containers of one pod
// start one after another, because the kubelet waits for each.
type fakeRuntime struct {
	*apitest.FakeRuntimeService
	startDelay time.Duration
}

func newFakeRuntime(startDelay time.Duration) *fakeRuntime {
	service := apitest.NewFakeRuntimeService()
	service.FakeStatus = &runtimeapi.RuntimeStatus{Conditions: []*runtimeapi.RuntimeCondition{
		{Type: runtimeapi.RuntimeReady, Status: true},
		{Type: runtimeapi.NetworkReady, Status: true},
	}}
	return &fakeRuntime{FakeRuntimeService: service, startDelay: startDelay}
}

// StartContainer takes as long as a real container does to start, unless the pod is deleted meanwhile.
func (f *fakeRuntime) StartContainer(ctx context.Context, containerID string) error {
	if f.startDelay > 0 {
		timer := time.NewTimer(f.startDelay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.FakeRuntimeService.StartContainer(ctx, containerID)
}

// newFakeImageService has every image, of no size, on a file system without use.
func newFakeImageService() *apitest.FakeImageService {
	service := apitest.NewFakeImageService()
	usage := []*runtimeapi.FilesystemUsage{{
		Timestamp:  1,
		FsId:       &runtimeapi.FilesystemIdentifier{Mountpoint: "/"},
		UsedBytes:  &runtimeapi.UInt64Value{},
		InodesUsed: &runtimeapi.UInt64Value{},
	}}
	service.SetFakeFilesystemUsage(usage)
	service.SetFakeContainerFilesystemUsage(usage)
	return service
}

// forgetCalls drops what the fakes have recorded, from time to time, until ctx ends.
func forgetCalls(ctx context.Context, rt *fakeRuntime, images *apitest.FakeImageService, mounter *mount.FakeMounter) {
	ticker := time.NewTicker(callLogRetention)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			rt.Lock()
			rt.Called = nil
			rt.Unlock()
			images.Lock()
			images.Called = nil
			images.Unlock()
			mounter.ResetLog()
		}
	}
}

// forgetfulOS is the fake OS without its record of removed and created files, which grows and is not locked.
type forgetfulOS struct {
	containertest.FakeOS
}

func (*forgetfulOS) Create(string) (*os.File, error) { return nil, nil }
func (*forgetfulOS) Remove(string) error             { return nil }
func (*forgetfulOS) RemoveAll(string) error          { return nil }

// probeless is the kubelet's probe manager that never hears of a pod. With nothing to probe, it calls a container ready as soon
// as that runs, whereas Kubernetes' fake manager does so before.
type probeless struct {
	prober.Manager
}

func newProbeless() probeless {
	return probeless{prober.NewManager(nil, results.NewManager(), results.NewManager(), results.NewManager(), nil, nil)}
}

// AddPod starts no probe workers: nothing listens at the pods' addresses.
func (probeless) AddPod(context.Context, *v1.Pod) {}
