package io.signalbox.server.cli;

import io.signalbox.server.scram.UsersFile;
import io.signalbox.server.scram.UsersFileException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import picocli.CommandLine.Option;

/** The option that says which users file is meant, and how it is read and changed. */
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class UsersFileOption {
  /** From one content of the file to the next. */
  @FunctionalInterface
  interface Change {
    UsersFile apply(UsersFile file) throws CommandFailure;
  }

  @Option(names = "--file", paramLabel = "FILE", required = true, description = "The users file.")
  private Path file;

  UsersFile read() throws CommandFailure {
    try {
      return UsersFile.read(file);
    } catch (UsersFileException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  /** Reads, changes and writes the file, one command after the other. */
  void change(Change change) throws CommandFailure {
    Path target = target();
    Path lockFile = target.resolveSibling("." + target.getFileName() + ".lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assert lock.isValid() : "just taken";
      change.apply(Files.notExists(file) ? UsersFile.empty() : read()).write(target);
    } catch (UsersFileException | IOException e) {
      throw new CommandFailure("cannot change \"" + file + "\": " + e.getMessage(), e);
    }
  }

  /** What a link names is shared, so that is changed and locked, not the link replaced. */
  private Path target() throws CommandFailure {
    try {
      return Files.isSymbolicLink(file) ? file.toRealPath() : file;
    } catch (IOException e) {
      throw new CommandFailure("\"" + file + "\" is a link that names no file", e);
    }
  }

  @Override
  public String toString() {
    return "\"" + file + "\"";
  }
}
