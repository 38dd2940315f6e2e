package io.signalbox.server.cli;

import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.tool.PolicyFormatter;
import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.PkiException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings policies into one layout. */
@Command(
    name = "fmt",
    description = {
      "Bring policies in YAML into one layout, in place. Comments stay, and what is decided too.",
      "A file is replaced as a whole, with its owner, group and mode. That takes its owner, or"
          + " root, and a folder that may be written; a file that is mounted by itself cannot be"
          + " replaced.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy fmt policies",
      "  signalbox policy fmt policies --check",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done; with --check: nothing would change",
      "1:could not write; with --check: something would change",
      "2:wrong usage of the command line",
      "78:the policies cannot be used; each problem is on standard error",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyFmtCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "PATH",
      arity = "0..*",
      defaultValue = ".",
      description = "Folders and files (default: the working directory).")
  private List<String> paths;

  @Option(names = "--check", description = "Change nothing; name the files that would change.")
  private boolean check;

  @Mixin private PolicyFiles files;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    PrintWriter out = spec.commandLine().getOut();
    PolicySources sources = files.read(paths);
    int changed = 0;
    for (Path file : sources.policyFiles()) {
      if (file.toString().endsWith(".json")) {
        continue;
      }
      try {
        String text = Files.readString(file);
        String formatted = PolicyFormatter.format(text);
        if (!formatted.equals(text)) {
          changed++;
          if (!check) {
            AtomicFile.rewritePublic(file, formatted); // a broker may be reading it
          }
          out.println((check ? "would change " : "changed ") + file);
        }
      } catch (IOException e) {
        throw new CommandFailure("cannot format " + file + ": " + e.getMessage(), e);
      }
    }
    return check && changed > 0 ? ExitCode.FAILED : ExitCode.DONE;
  }
}
