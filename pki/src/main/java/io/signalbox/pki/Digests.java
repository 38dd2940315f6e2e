package io.signalbox.pki;

import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** BouncyCastle's view of the JDK's digests. */
final class Digests {
  private Digests() {}

  static DigestCalculatorProvider provider() {
    try {
      return new JcaDigestCalculatorProviderBuilder().build();
    } catch (OperatorCreationException e) {
      throw new IllegalStateException("this JDK cannot compute digests", e);
    }
  }
}
