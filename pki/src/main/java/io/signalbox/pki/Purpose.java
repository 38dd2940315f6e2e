package io.signalbox.pki;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/** What a certificate is for (extended key usage, RFC 5280 section 4.2.1.12). */
public enum Purpose {
  CLIENT_AUTH("1.3.6.1.5.5.7.3.2"),
  SERVER_AUTH("1.3.6.1.5.5.7.3.1"),
  OCSP_SIGNING("1.3.6.1.5.5.7.3.9");

  private final String oid;

  Purpose(String oid) {
    this.oid = oid;
  }

  String oid() {
    return oid;
  }

  KeyPurposeId id() {
    return KeyPurposeId.getInstance(new ASN1ObjectIdentifier(oid));
  }
}
