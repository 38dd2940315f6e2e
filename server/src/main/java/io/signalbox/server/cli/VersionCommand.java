package io.signalbox.server.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the version. */
@Command(
    name = "version",
    description = "Print the version of Signalbox and of the Java it runs on.")
@SuppressWarnings("NullAway.Init") // picocli sets the annotated field before call
public final class VersionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** The version in the jar's manifest; {@code development} when classes run without their jar. */
  public static String version() {
    @Nullable String version = VersionCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  @Override
  public Integer call() {
    spec.commandLine()
        .getOut()
        .println(
            "signalbox "
                + version()
                + " (Java "
                + Runtime.version()
                + ", "
                + System.getProperty("os.name")
                + " "
                + System.getProperty("os.arch")
                + ")");
    return ExitCode.DONE;
  }
}
