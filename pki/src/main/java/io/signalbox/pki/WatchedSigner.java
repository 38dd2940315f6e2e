package io.signalbox.pki;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.RuntimeOperatorException;
import org.jspecify.annotations.Nullable;

/**
 * Remembers that the key did not sign: BouncyCastle's builders make something else of it, each
 * another. What is to be signed goes to the key in one piece. For one thread and one signature.
 */
final class WatchedSigner implements ContentSigner {
  private final ContentSigner signer;
  private final ByteArrayOutputStream content = new ByteArrayOutputStream();
  private @Nullable Exception failure;

  WatchedSigner(ContentSigner signer) {
    this.signer = signer;
  }

  /** Null: the key has signed, or was not asked. */
  @Nullable Exception failure() {
    return failure;
  }

  @Override
  public AlgorithmIdentifier getAlgorithmIdentifier() {
    return signer.getAlgorithmIdentifier();
  }

  @Override
  public OutputStream getOutputStream() {
    return content;
  }

  @Override
  public byte[] getSignature() {
    try {
      content.writeTo(signer.getOutputStream());
      return signer.getSignature();
    } catch (IOException | RuntimeException e) {
      failure = e;
      throw new RuntimeOperatorException("the key did not sign", e);
    }
  }
}
