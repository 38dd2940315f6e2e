package io.signalbox.server.admin;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets one request at a time do what may take a core for a while. Another one waits for a moment
 * and is then told to come again, so that questions leave threads and cores to changes.
 */
final class Turnstile {
  private static final int PATIENCE_MILLIS = 500;

  private final Semaphore free = new Semaphore(1);
  private final String busy;

  /**
   * @param busy what whoever cannot pass is told
   */
  Turnstile(String busy) {
    this.busy = busy;
  }

  /** The same action, one at a time; otherwise 503. */
  Route.Action guard(Route.Action action) {
    return request -> {
      if (!free.tryAcquire(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new ApiException(ApiProblem.Type.UNAVAILABLE, busy);
      }
      try {
        return action.run(request);
      } finally {
        free.release();
      }
    };
  }
}
