package io.signalbox.server.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.EstMessages;
import io.signalbox.pki.PkiException;

/** Any bytes are a certificate signing request or refused, as DER, as PEM and in an EST body. */
public final class SigningRequestFuzz {
  private SigningRequestFuzz() {}

  private interface Reader {
    CertificateSigningRequest read() throws PkiException;
  }

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, ISO_8859_1);
    read(() -> CertificateSigningRequest.parse(data, "fuzz"));
    read(() -> CertificateSigningRequest.parsePem(text, "fuzz"));
    read(() -> EstMessages.parseRequest(data, "fuzz"));
  }

  private static void read(Reader reader) {
    try {
      assertNotNull(reader.read().publicKey());
    } catch (PkiException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }
}
