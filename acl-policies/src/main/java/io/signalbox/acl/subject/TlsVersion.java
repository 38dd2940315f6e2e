package io.signalbox.acl.subject;

import java.util.Optional;

/** TLS version of a connection, named as JSSE and OpenSSL name it. */
public enum TlsVersion {
  V1_2("TLSv1.2"),
  V1_3("TLSv1.3");

  private final String word;

  TlsVersion(String word) {
    this.word = word;
  }

  public String word() {
    return word;
  }

  public static Optional<TlsVersion> of(String word) {
    for (TlsVersion version : values()) {
      if (version.word.equals(word)) {
        return Optional.of(version);
      }
    }
    return Optional.empty();
  }
}
