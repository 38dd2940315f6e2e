package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.pki.PkiException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Files that are being replaced while the broker starts. */
final class TlsSetupTest {
  private final AtomicInteger looks = new AtomicInteger();
  private final AtomicInteger pauses = new AtomicInteger();

  private String readableAtLook(int number) throws PkiException {
    return TlsSetup.settled(
        () -> {
          if (looks.incrementAndGet() < number) {
            throw new PkiException("the key is not the certificate's");
          }
          return "read";
        },
        pauses::incrementAndGet);
  }

  @Test
  void aKeyThatComesAfterItsCertificateIsAwaited() throws Exception {
    assertEquals("read", readableAtLook(3));
    assertEquals(2, pauses.get());
  }

  @Test
  void whatStaysUnusableIsGivenUpAfterThreePauses() {
    assertThrows(PkiException.class, () -> readableAtLook(5));
    assertEquals(3, pauses.get());
  }
}
