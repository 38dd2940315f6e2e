package io.signalbox.server.cli;

import io.signalbox.acl.tool.MosquittoImport;
import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.PkiException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Turns an access list of mosquitto into policies and tests. */
@Command(
    name = "import-mosquitto-acl",
    description = {
      "Turn an acl_file of mosquitto (user, topic, pattern, deny) into policies, and into tests"
          + " that pin the same decisions.",
      "What cannot decide the same is noted on standard error.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox policy import-mosquitto-acl /etc/mosquitto/acl --out policies",
      "  signalbox policy test policies",
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done, notes or not",
      "1:some line could not be read, or a file could not be written",
      "2:wrong usage of the command line",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PolicyImportMosquittoCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The acl_file.")
  private Path file;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "policies",
      description = "Folder for the policies and tests, made if it is missing (default: policies).")
  private Path out;

  @Option(
      names = "--force",
      description =
          "Replace files that are there; that takes their owner, or root, and a folder that may be"
              + " written.")
  private boolean force;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws CommandFailure, PkiException {
    PrintWriter err = spec.commandLine().getErr();
    try {
      MosquittoImport imported = MosquittoImport.of(file.toString(), Files.readString(file));
      if (!imported.problems().isEmpty()) {
        imported.problems().forEach(err::println);
        throw new CommandFailure("nothing was written: some lines could not be read, see above");
      }
      write(imported.files());
      imported.notes().forEach(note -> err.println("note: " + note));
      return ExitCode.DONE;
    } catch (IOException e) {
      throw new CommandFailure("cannot read or write: " + e.getMessage(), e);
    }
  }

  private void write(Map<String, String> files) throws IOException, CommandFailure, PkiException {
    Files.createDirectories(out);
    for (String name : files.keySet()) {
      if (Files.exists(out.resolve(name)) && !force) {
        throw new CommandFailure(
            out.resolve(name)
                + " is there already; nothing was written. Use --force to replace it");
      }
    }
    for (Map.Entry<String, String> made : files.entrySet()) {
      Path target = out.resolve(made.getKey());
      AtomicFile.rewritePublic(target, made.getValue());
      spec.commandLine().getOut().println("wrote " + target);
    }
  }
}
