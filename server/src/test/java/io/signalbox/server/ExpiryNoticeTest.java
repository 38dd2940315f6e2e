package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ExpiryNoticeTest {
  private static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant UNTIL = FROM.plus(Duration.ofDays(90));

  private final ExpiryNotice notice = new ExpiryNotice(Path.of("/etc/{0}/server.pem"));

  private Optional<String> before(Duration end) {
    return notice.at(FROM, UNTIL, UNTIL.minus(end));
  }

  @Test
  void saysADayAtATimeThatTheCertificateEnds() {
    assertEquals(Optional.empty(), before(Duration.ofDays(30)), "when certbot renews it");
    assertEquals(Optional.empty(), before(Duration.ofDays(14).plusSeconds(1)));
    String text = before(Duration.ofDays(14)).orElseThrow();
    assertTrue(
        text.contains("\"/etc/{0}/server.pem\" ends at 2026-04-01T00:00:00Z, in 336 hours"), text);
    assertEquals(Optional.empty(), before(Duration.ofDays(13).plusSeconds(1)));
    assertTrue(before(Duration.ofDays(13)).isPresent());
    text = before(Duration.ZERO).orElseThrow();
    assertTrue(text.contains("ended at 2026-04-01T00:00:00Z, clients refuse it"), text);
  }

  @Test
  void aShortLivedCertificateIsSpokenOfInItsLastFifth() {
    Instant until = FROM.plus(Duration.ofHours(160));
    assertEquals(Optional.empty(), notice.at(FROM, until, until.minus(Duration.ofHours(33))));
    assertTrue(notice.at(FROM, until, until.minus(Duration.ofHours(32))).isPresent());
  }

  @Test
  void aRenewedOneIsSpokenOfAnewWhenItsOwnTimeComes() {
    assertTrue(before(Duration.ofDays(1)).isPresent());
    Instant now = UNTIL.minus(Duration.ofDays(1));
    assertEquals(Optional.empty(), notice.at(now, now.plus(Duration.ofDays(90)), now));
    assertTrue(before(Duration.ofDays(1)).isPresent(), "the old one is back");
  }
}
