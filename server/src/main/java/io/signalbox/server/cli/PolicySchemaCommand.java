package io.signalbox.server.cli;

import io.signalbox.acl.parser.PolicySchema;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the JSON Schema of policies. */
@Command(
    name = "schema",
    description = "Print the JSON Schema of policies, for editors and other tools.",
    footerHeading = "%nExamples:%n",
    footer = "  signalbox policy schema > policy.schema.json")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicySchemaCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(PolicySchema.text());
    spec.commandLine().getOut().flush();
    return ExitCode.DONE;
  }
}
