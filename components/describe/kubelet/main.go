// Command kubelet tells what can be set of kubelet.
package main

import (
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	_ "k8s.io/component-base/logs/json/register"
	kubeletconfig "k8s.io/kubelet/config/v1beta1"
	_ "k8s.io/kubernetes/cmd/kubelet/app"
	defaults "k8s.io/kubernetes/pkg/kubelet/apis/config/v1beta1"
	"scale-test/components/describe"
)

func main() {
	var c kubeletconfig.KubeletConfiguration
	defaults.SetObjectDefaults_KubeletConfiguration(&c)
	describe.Print(describe.Component{
		FeatureGates: describe.Gates(utilfeature.DefaultMutableFeatureGate),
		Config:       describe.Config(&c),
	})
}
