// Command kube-controller-manager tells what can be set of kube-controller-manager.
package main

import (
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	_ "k8s.io/component-base/logs/json/register"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"scale-test/components/describe"
)

func main() {
	describe.Print(describe.Component{
		Flags:        describe.Flags(app.NewControllerManagerCommand()),
		FeatureGates: describe.Gates(utilfeature.DefaultMutableFeatureGate),
	})
}
