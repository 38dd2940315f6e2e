package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What of a certificate stays on disk.
 *
 * @param request SHA-256 of what it was made from: the same request gets the same certificate
 * @param der the certificate
 * @param sealedKey its private key, if it was made here, sealed for whoever asked (PEM); else null
 */
public record CertificateContent(byte[] request, byte[] der, @Nullable String sealedKey) {
  private static final int REQUEST_BYTES = 32;

  byte[] encode() {
    byte[] sealed = sealedKey == null ? new byte[0] : sealedKey.getBytes(US_ASCII);
    return ByteBuffer.allocate(REQUEST_BYTES + Integer.BYTES + der.length + sealed.length)
        .put(request)
        .putInt(der.length)
        .put(der)
        .put(sealed)
        .array();
  }

  static CertificateContent decode(byte[] rest) {
    try {
      var in = ByteBuffer.wrap(rest);
      byte[] request = new byte[REQUEST_BYTES];
      in.get(request);
      byte[] der = new byte[Math.min(in.getInt(), in.remaining())];
      in.get(der);
      byte[] sealed = new byte[in.remaining()];
      in.get(sealed);
      return new CertificateContent(
          request, der, sealed.length == 0 ? null : new String(sealed, US_ASCII));
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw new IllegalStateException("damaged: too short for a certificate", e);
    }
  }

  boolean isOf(byte[] otherRequest) {
    return Arrays.equals(request, otherRequest);
  }
}
