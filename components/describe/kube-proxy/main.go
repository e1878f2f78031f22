// Command kube-proxy tells what can be set of kube-proxy.
package main

import (
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	_ "k8s.io/component-base/logs/json/register"
	proxyconfig "k8s.io/kube-proxy/config/v1alpha1"
	_ "k8s.io/kubernetes/cmd/kube-proxy/app"
	defaults "k8s.io/kubernetes/pkg/proxy/apis/config/v1alpha1"
	"scale-test/components/describe"
)

func main() {
	var c proxyconfig.KubeProxyConfiguration
	defaults.SetObjectDefaults_KubeProxyConfiguration(&c)
	describe.Print(describe.Component{
		FeatureGates: describe.Gates(utilfeature.DefaultMutableFeatureGate),
		Config:       describe.Config(&c),
	})
}
