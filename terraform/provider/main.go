// Program terraform-provider-signalbox provisions a Signalbox broker. Terraform starts it; by hand it only says so.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"signalbox.internal/terraform-provider-signalbox/internal/provider"
)

// version is set by the build.
var version = "0.1.0"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger's terraform to attach")
	flag.Parse()
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
