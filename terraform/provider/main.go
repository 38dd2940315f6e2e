// Program terraform-provider-signalbox provisions a Signalbox broker. Terraform starts it; by hand it only says so.
package main

import (
	"flag"
	"log"
	"os"
	runtimedebug "runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"signalbox.internal/terraform-provider-signalbox/internal/provider"
)

// version is set by the build.
var version = "0.1.0"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger's terraform to attach")
	flag.Parse()
	logOnlyForReaders()
	if os.Getenv("GOGC") == "" {
		runtimedebug.SetGCPercent(400) // the heap is small, the garbage of a large plan is not
	}
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve(provider.Address, provider.Server(version), options...)
	if err != nil {
		log.Fatal(err)
	}
}

// logOnlyForReaders stops the plugin SDK from tracing each of its steps to terraform, which would throw all of it away unless it was
// asked for logs. With thousands of objects that takes as much time as the work itself.
func logOnlyForReaders() {
	for _, asked := range []string{"TF_LOG", "TF_LOG_PROVIDER"} {
		if os.Getenv(asked) != "" {
			return
		}
	}
	for _, source := range []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"} {
		if os.Getenv(source) == "" {
			os.Setenv(source, "off")
		}
	}
}
