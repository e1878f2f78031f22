// Command kube-scheduler tells what can be set of kube-scheduler.
package main

import (
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	_ "k8s.io/component-base/logs/json/register"
	schedulerconfig "k8s.io/kube-scheduler/config/v1"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	defaults "k8s.io/kubernetes/pkg/scheduler/apis/config/v1"
	"scale-test/components/describe"
)

func main() {
	var c schedulerconfig.KubeSchedulerConfiguration
	defaults.SetObjectDefaults_KubeSchedulerConfiguration(&c)
	describe.Print(describe.Component{
		Flags:        describe.Flags(app.NewSchedulerCommand()),
		FeatureGates: describe.Gates(utilfeature.DefaultMutableFeatureGate),
		Config:       describe.Config(&c),
	})
}
