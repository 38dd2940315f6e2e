package io.signalbox.server.routing;

import static io.signalbox.server.routing.Subscriptions.subscription;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class SubscriptionTest {
  @Test
  void aSharedOneCountsAsTenInTheLimitOfItsSession() {
    assertEquals(1, subscription("t/#").weight());
    assertEquals(10, subscription("$share/g/t/#").weight());
  }

  @Test
  void aLongFilterCountsAsSeveral() {
    assertEquals(3, subscription("t".repeat(1_024)).weight());
    assertEquals(11, subscription("$share/" + "g".repeat(512) + "/t").weight());
  }
}
