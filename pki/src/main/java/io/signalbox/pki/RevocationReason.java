package io.signalbox.pki;

/** Why a certificate was revoked (RFC 5280 section 5.3.1), with the number of that section. */
public enum RevocationReason {
  UNSPECIFIED(0),
  KEY_COMPROMISE(1),
  CA_COMPROMISE(2),
  AFFILIATION_CHANGED(3),
  SUPERSEDED(4),
  CESSATION_OF_OPERATION(5),
  CERTIFICATE_HOLD(6),
  PRIVILEGE_WITHDRAWN(9),
  AA_COMPROMISE(10);

  private final int code;

  RevocationReason(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** Whether a certificate revoked for this reason never comes back: all but one on hold. */
  public boolean isFinal() {
    return this != CERTIFICATE_HOLD;
  }

  /** The reason with this number; a number that the RFC does not assign is {@link #UNSPECIFIED}. */
  public static RevocationReason of(int code) {
    for (RevocationReason reason : values()) {
      if (reason.code == code) {
        return reason;
      }
    }
    return UNSPECIFIED;
  }

  static RevocationReason of(java.security.cert.CRLReason reason) {
    return switch (reason) {
      case KEY_COMPROMISE -> KEY_COMPROMISE;
      case CA_COMPROMISE -> CA_COMPROMISE;
      case AFFILIATION_CHANGED -> AFFILIATION_CHANGED;
      case SUPERSEDED -> SUPERSEDED;
      case CESSATION_OF_OPERATION -> CESSATION_OF_OPERATION;
      case CERTIFICATE_HOLD -> CERTIFICATE_HOLD;
      case PRIVILEGE_WITHDRAWN -> PRIVILEGE_WITHDRAWN;
      case AA_COMPROMISE -> AA_COMPROMISE;
      case UNSPECIFIED, UNUSED, REMOVE_FROM_CRL -> UNSPECIFIED;
    };
  }
}
