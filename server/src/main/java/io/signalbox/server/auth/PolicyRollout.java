package io.signalbox.server.auth;

import java.util.concurrent.CompletionStage;

/** Brings other policies to everybody who is connected. */
@FunctionalInterface
public interface PolicyRollout {
  /**
   * Called after other policies came into force.
   *
   * @return done when nothing that they forbid is handed to a socket any more
   */
  CompletionStage<?> begin();
}
