package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	utilfeature "k8s.io/apiserver/pkg/util/feature"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/component-base/configz"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/klog/v2"
	kubeletconfigv1beta1 "k8s.io/kubelet/config/v1beta1"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/kubelet"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	cadvisortest "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubeletutil "k8s.io/kubernetes/pkg/kubelet/util"
	"k8s.io/kubernetes/pkg/util/oom"
	"k8s.io/kubernetes/pkg/volume"
	"k8s.io/kubernetes/pkg/volume/configmap"
	"k8s.io/kubernetes/pkg/volume/downwardapi"
	"k8s.io/kubernetes/pkg/volume/emptydir"
	"k8s.io/kubernetes/pkg/volume/hostpath"
	"k8s.io/kubernetes/pkg/volume/projected"
	"k8s.io/kubernetes/pkg/volume/secret"
	"k8s.io/kubernetes/pkg/volume/util/hostutil"
	"k8s.io/kubernetes/pkg/volume/util/subpath"
	"k8s.io/mount-utils"
)

// gcPercent trades processor time, of which an idle kubelet takes little, for the memory that limits how many fit a machine.
const gcPercent = 50

// hollowNodes are the nodes of this process and what they share.
type hollowNodes struct {
	*hollowOptions
	config   *kubeletconfig.KubeletConfiguration
	client   *restclient.Config
	identity identity
	tls      *tls.Config
	started  *startCount
}

// newHollowNodes reads and checks all input; it starts and writes nothing.
func newHollowNodes(o *hollowOptions) (*hollowNodes, error) {
	config, err := loadKubeletConfiguration(o.configFiles)
	if err != nil {
		return nil, err
	}
	if len(o.taints) > 0 {
		config.RegisterWithTaints = o.taints
	}
	limit, err := openFileLimit()
	if err != nil {
		return nil, err
	}
	config.MaxOpenFiles = int64(limit)
	config.Address = o.address.String()
	config.EnableServer = config.EnableServer && o.serve
	admitClients(config, o.servingClientCAFile)

	client, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig %s: %w", o.kubeconfig, err)
	}
	identity, err := newIdentity(o)
	if err != nil {
		return nil, err
	}
	if o.nodeIP, err = resolveNodeIP(o.nodeIP); err != nil {
		return nil, err
	}
	serving, err := servingTLSConfig(config)
	if err != nil {
		return nil, err
	}
	if err := askForCertificates(serving, o.servingClientCAFile); err != nil {
		return nil, err
	}
	certificate, err := selfSignedCertificate()
	if err != nil {
		return nil, err
	}
	serving.Certificates = []tls.Certificate{certificate}
	started := &startCount{of: o.count}
	return &hollowNodes{hollowOptions: o, config: config, client: client, identity: identity, tls: serving, started: started}, nil
}

// start returns when every kubelet runs, or ctx ends, or one fails.
func (h *hollowNodes) start(ctx context.Context) error {
	if err := h.setUpProcess(); err != nil {
		return err
	}
	if h.healthPort != 0 {
		if err := serveHealth(h.address, h.healthPort, h.started); err != nil {
			return err
		}
	}
	for i := range h.count {
		if i > 0 && !sleep(ctx, h.startInterval) {
			return nil
		}
		if err := h.startNode(i); err != nil {
			return fmt.Errorf("%s: %w", h.nodeName(i), err)
		}
		h.started.started.Add(1)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) (slept bool) {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// setUpProcess does what the kubelet's command does before it runs its one kubelet.
func (h *hollowNodes) setUpProcess() error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	tolerateDuplicateCollectors()
	gates := utilfeature.DefaultMutableFeatureGate
	if err := gates.SetFromMap(h.config.FeatureGates); err != nil {
		return err
	}
	logStreams := &logsapi.LoggingOptions{ErrorStream: os.Stderr, InfoStream: os.Stderr}
	if err := logsapi.ValidateAndApplyWithOptions(&h.config.Logging, logStreams, gates); err != nil {
		return err
	}
	applyMetricsFeatureGates(gates)
	gates.AddMetrics()
	return registerConfigz(h.nodeConfiguration(0))
}

// registerConfigz serves the configuration of the first node; the others differ in their ports, names and folders.
func registerConfigz(c *kubeletconfig.KubeletConfiguration) error {
	versioned := &kubeletconfigv1beta1.KubeletConfiguration{}
	if err := kubeletScheme.Convert(c, versioned, nil); err != nil {
		return err
	}
	versioned.SetGroupVersionKind(kubeletconfigv1beta1.SchemeGroupVersion.WithKind("KubeletConfiguration"))
	cz, err := configz.New("kubeletconfig")
	if err != nil {
		return err
	}
	return setConfigz(cz, versioned)
}

func (h *hollowNodes) nodeConfiguration(i int) *kubeletconfig.KubeletConfiguration {
	c := h.config.DeepCopy()
	c.Port = int32(h.nodePort(i))
	c.PodLogsDir = filepath.Join(h.nodeRoot(i), "pod-logs")
	c.ProviderID = "kubemark://" + h.nodeName(i)
	return c
}

func (h *hollowNodes) nodeFlags(i int) *options.KubeletFlags {
	f := options.NewKubeletFlags()
	f.RootDirectory = h.nodeRoot(i)
	f.CertDirectory = filepath.Join(h.nodeRoot(i), "pki")
	f.HostnameOverride = h.nodeName(i)
	f.NodeIP = h.nodeIP.String()
	f.NodeLabels = h.nodeLabels
	return f
}

// startNode runs one kubelet in the background. Its context has no end, because a kubelet ends with its process only.
func (h *hollowNodes) startNode(i int) error {
	name := h.nodeName(i)
	rt, images, mounter := h.newRuntime(), newFakeImageService(), mount.NewFakeMounter(nil)
	ctx := klog.NewContext(context.Background(), rt.updates.listening(klog.LoggerWithValues(klog.Background(), "node", name)))

	client, err := h.identity(h.client, nodeSubject(name))
	if err != nil {
		return err
	}
	c := h.nodeConfiguration(i)
	clients, err := newNodeClients(client, c)
	if err != nil {
		return err
	}
	reservation, err := nodeAllocatableReservation(c)
	if err != nil {
		return err
	}
	go forgetCalls(ctx, rt, images, mounter)
	auth, err := h.kubeletAuth(name, clients, c)
	if err != nil {
		return err
	}
	if err := h.startProxy(ctx, name); err != nil {
		return err
	}

	dependencies := &kubelet.Dependencies{
		// No Recorder: from the EventClient, the kubelet makes itself a real one.
		KubeClient:                clients.kube,
		EventClient:               clients.event,
		HeartbeatClient:           clients.heartbeat,
		OnHeartbeatFailure:        clients.closeIdleConnections,
		Auth:                      auth,
		ProbeManager:              newProbeless(),
		RemoteRuntimeService:      rt,
		RemoteImageService:        images,
		CAdvisorInterface:         &fakeMachine{Fake: &cadvisortest.Fake{NodeName: name}, cores: h.cpu, memory: h.memory.Quantity},
		ContainerManager:          &fakeContainerManager{ContainerManager: cm.NewStubContainerManager(), reservation: reservation},
		OSInterface:               &forgetfulOS{},
		OOMAdjuster:               oom.NewFakeOOMAdjuster(),
		Mounter:                   mounter,
		Subpather:                 &subpath.FakeSubpath{},
		HostUtil:                  hostutil.NewFakeHostUtil(nil),
		VolumePlugins:             volumePlugins(),
		PodStartupLatencyTracker:  kubeletutil.NewPodStartupLatencyTracker(),
		NodeStartupLatencyTracker: newNodeStartupLatencyTracker(klog.FromContext(ctx)),
		TracerProvider:            deletionTracing{},
	}
	setTLSConfig(dependencies, h.tls)
	checkRecorder := ignoreKernelLog(dependencies)
	server := &options.KubeletServer{KubeletFlags: *h.nodeFlags(i), KubeletConfiguration: *c}
	if err := kubeletapp.RunKubelet(ctx, server, dependencies); err != nil {
		return err
	}
	return checkRecorder()
}

func (h *hollowNodes) startProxy(ctx context.Context, nodeName string) error {
	if !h.proxy {
		return nil
	}
	client, err := h.identity(h.client, proxySubject)
	if err != nil {
		return err
	}
	proxy, err := newHollowProxy(client, nodeName)
	if err != nil {
		return err
	}
	proxy.run(ctx)
	return nil
}

// volumePlugins has no CSI, which keeps the node's identity in package variables that the nodes would share.
func volumePlugins() []volume.VolumePlugin {
	var plugins []volume.VolumePlugin
	plugins = append(plugins, emptydir.ProbeVolumePlugins()...)
	plugins = append(plugins, hostpath.FakeProbeVolumePlugins(volume.VolumeConfig{})...)
	plugins = append(plugins, secret.ProbeVolumePlugins()...)
	plugins = append(plugins, downwardapi.ProbeVolumePlugins()...)
	plugins = append(plugins, configmap.ProbeVolumePlugins()...)
	plugins = append(plugins, projected.ProbeVolumePlugins()...)
	return plugins
}
