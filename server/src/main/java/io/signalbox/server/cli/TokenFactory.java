package io.signalbox.server.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Signs tokens with the key of a data directory, which it makes if there is none. */
@FunctionalInterface
public interface TokenFactory {
  /**
   * @param subject who the token is for
   * @param lifetime from now; positive
   * @return a compact JWT
   * @throws CommandFailure if the key cannot be read or made
   */
  String issue(Path dataDirectory, String subject, List<String> groups, Duration lifetime)
      throws CommandFailure;
}
