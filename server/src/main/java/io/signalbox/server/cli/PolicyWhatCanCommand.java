package io.signalbox.server.cli;

import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.tool.ToolJson;
import io.signalbox.acl.tool.WhatCan;
import io.signalbox.pki.PkiException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists what one client can do. */
@Command(
    name = "what-can",
    description = "List what a client can do: every pattern it is allowed, less the denied ones.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy what-can --cert p7.crt --ca factory-ca --policies policies",
      "  signalbox policy what-can --as \"{ groups: browsers }\" --policies shipped",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done, also when it can do nothing",
      "2:wrong usage of the command line, or a client that cannot be read",
      "78:the policies cannot be used; each problem is on standard error",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyWhatCanCommand implements Callable<Integer> {
  @Mixin private PolicyClientOptions client;
  @Mixin private PolicyPaths policies;
  @Mixin private PolicyFiles files;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    PolicySources sources = files.read(policies.paths());
    WhatCan what = WhatCan.of(sources.bundle(), client.read(sources));
    files.print(what.text(), ToolJson.of(what));
    return ExitCode.DONE;
  }
}
