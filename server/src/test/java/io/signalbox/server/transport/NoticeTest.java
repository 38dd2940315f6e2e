package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NoticeTest {
  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

  @Test
  void isLoggedAtOnceAndThenOnceAMinuteWithHowOftenItHappened() {
    var notice = new Notice();
    long begin = -MINUTE; // the system's clock may be below zero
    assertEquals(OptionalLong.of(1), notice.at(begin));
    assertEquals(OptionalLong.empty(), notice.at(begin));
    assertEquals(OptionalLong.empty(), notice.at(begin + MINUTE - 1));
    assertEquals(OptionalLong.of(3), notice.at(begin + MINUTE));
    assertEquals(OptionalLong.of(1), notice.at(begin + 3 * MINUTE));
  }
}
