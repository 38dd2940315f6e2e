package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** One at a time, and whoever waits for too long is told so. */
final class TurnstileTest {
  private static final ApiRequest REQUEST =
      new ApiRequest(
          new Caller("somebody", EnumSet.allOf(Role.class), "127.0.0.1"),
          "/policy-tools/lint",
          Map.of(),
          Map.of(),
          Map.of(),
          new byte[0]);

  @Test
  void turnsAwayWhoComesWhileAnotherIsInsideAndLetsTheNextPass() throws Exception {
    var inside = new CountDownLatch(1);
    var leave = new CountDownLatch(1);
    var turnstile = new Turnstile("come again");
    ApiResponse nothing = ApiResponse.nothing(204, 0);
    Route.Action action = turnstile.guard(_ -> nothing);
    Route.Action slow =
        turnstile.guard(
            _ -> {
              inside.countDown();
              leave.await();
              return nothing;
            });
    Thread first =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    slow.run(REQUEST);
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                });
    inside.await();
    var refused = assertThrows(ApiException.class, () -> action.run(REQUEST));
    assertEquals(ApiProblem.Type.UNAVAILABLE, refused.problem().type());
    assertEquals("come again", refused.problem().detail());
    leave.countDown();
    first.join();
    assertEquals(nothing, action.run(REQUEST));
  }
}
