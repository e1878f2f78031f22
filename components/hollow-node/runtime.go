package main

import (
	"context"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	apitest "k8s.io/cri-api/pkg/apis/testing"
	containertest "k8s.io/kubernetes/pkg/kubelet/container/testing"
	"k8s.io/kubernetes/pkg/kubelet/prober"
	"k8s.io/kubernetes/pkg/kubelet/prober/results"
	"k8s.io/mount-utils"
)

// callLogRetention bounds the memory of Kubernetes' fakes, which record every call.
const callLogRetention = time.Minute

// nonRootUser is the user of the pause image.
const nonRootUser = 65535

// fakeRuntime is the container runtime of one node. Pods start in parallel, each in its pod worker; the containers of one pod
// start one after another, because the kubelet waits for each.
type fakeRuntime struct {
	*apitest.FakeRuntimeService
	starts  *containerStarts
	updates *statusUpdates
}

func newFakeRuntime(starts *containerStarts) *fakeRuntime {
	service := apitest.NewFakeRuntimeService()
	service.FakeStatus = &runtimeapi.RuntimeStatus{Conditions: []*runtimeapi.RuntimeCondition{
		{Type: runtimeapi.RuntimeReady, Status: true},
		{Type: runtimeapi.NetworkReady, Status: true},
	}}
	return &fakeRuntime{FakeRuntimeService: service, starts: starts, updates: newStatusUpdates()}
}

// newRuntime is the runtime of one of these nodes.
func (o *hollowOptions) newRuntime() *fakeRuntime {
	return newFakeRuntime(newContainerStarts(o.containerStartTime, o.parallelStarts))
}

// StartContainer takes as long as a real container does.
func (f *fakeRuntime) StartContainer(ctx context.Context, containerID string) error {
	if err := f.starts.wait(ctx); err != nil {
		return err
	}
	if err := f.updates.wait(ctx, f.podOf(containerID)); err != nil {
		return err
	}
	return f.FakeRuntimeService.StartContainer(ctx, containerID)
}

// podOf is the UID of a container's pod, empty for a container that nobody knows.
func (f *fakeRuntime) podOf(containerID string) types.UID {
	f.Lock()
	defer f.Unlock()
	container, ok := f.Containers[containerID]
	if !ok {
		return ""
	}
	sandbox, ok := f.Sandboxes[container.SandboxID]
	if !ok {
		return ""
	}
	return types.UID(sandbox.GetMetadata().GetUid())
}

// fakeImageService has every image already, so that starting pods is not held up by registryPullQPS. imagePullPolicy Always
// still counts as a pull, as it does on a real node.
type fakeImageService struct {
	*apitest.FakeImageService
}

func newFakeImageService() *fakeImageService {
	service := apitest.NewFakeImageService()
	usage := []*runtimeapi.FilesystemUsage{{
		Timestamp:  1,
		FsId:       &runtimeapi.FilesystemIdentifier{Mountpoint: "/"},
		UsedBytes:  &runtimeapi.UInt64Value{},
		InodesUsed: &runtimeapi.UInt64Value{},
	}}
	service.SetFakeFilesystemUsage(usage)
	service.SetFakeContainerFilesystemUsage(usage)
	return &fakeImageService{service}
}

// ImageStatus names a user other than root, for pods that ask for runAsNonRoot.
func (*fakeImageService) ImageStatus(_ context.Context, image *runtimeapi.ImageSpec, _ bool) (*runtimeapi.ImageStatusResponse, error) {
	return &runtimeapi.ImageStatusResponse{Image: &runtimeapi.Image{
		Id:       image.Image,
		Spec:     image,
		RepoTags: []string{image.Image},
		Uid:      &runtimeapi.Int64Value{Value: nonRootUser},
	}}, nil
}

func (*fakeImageService) PullImage(_ context.Context, image *runtimeapi.ImageSpec, _ *runtimeapi.AuthConfig, _ *runtimeapi.PodSandboxConfig) (string, error) {
	return image.Image, nil
}

// forgetCalls drops what the fakes have recorded, from time to time, until ctx ends.
func forgetCalls(ctx context.Context, rt *fakeRuntime, images *fakeImageService, mounter *mount.FakeMounter) {
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
