package io.signalbox.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * PEM texts and files (RFC 7468) of certificates and private keys. Private keys are always written
 * as PKCS#8 ("PRIVATE KEY"): the older form for EC keys can lack the curve, and then nobody can
 * read it again.
 */
public final class Pem {
  private Pem() {}

  /** The certificates of a file in their order, at least one. */
  public static List<X509Certificate> readCertificates(Path file) throws PkiException {
    return parseCertificates(readText(file), quoted(file));
  }

  /**
   * The certificates of a text in their order, at least one; other blocks are an error.
   *
   * @param where the text's origin, for messages
   */
  public static List<X509Certificate> parseCertificates(String text, String where)
      throws PkiException {
    return certificates(PemBlock.parse(text, where), where);
  }

  private static List<X509Certificate> certificates(List<PemBlock> blocks, String where)
      throws PkiException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (PemBlock block : blocks) {
      if (!block.label().equals("CERTIFICATE")) {
        throw new PkiException(
            where
                + " line "
                + block.line()
                + ": found \""
                + block.label()
                + "\" where only \"CERTIFICATE\" belongs; check the file name");
      }
      certificates.add(Certificates.parse(block.der(), where + " line " + block.line()));
    }
    return List.copyOf(certificates);
  }

  /** The private key of a file that is not encrypted. */
  public static PrivateKey readPrivateKey(Path file) throws PkiException {
    return readPrivateKey(file, Optional.empty());
  }

  /** The private key of a file; the passphrase is not used if the key is not encrypted. */
  public static PrivateKey readPrivateKey(Path file, Optional<Passphrase> passphrase)
      throws PkiException {
    return parsePrivateKey(readText(file), passphrase, quoted(file));
  }

  /**
   * The private key of a text: PKCS#8, encrypted or not, or the older forms of OpenSSL for RSA and
   * EC.
   *
   * @param where the text's origin, for messages
   */
  public static PrivateKey parsePrivateKey(
      String text, Optional<Passphrase> passphrase, String where) throws PkiException {
    return PrivateKeys.parse(PemBlock.parse(text, where), passphrase, where);
  }

  /** The private key of a file that holds its certificate and chain as well; it is read once. */
  static TlsIdentity readIdentity(Path file, Optional<Passphrase> passphrase) throws PkiException {
    String where = quoted(file);
    List<PemBlock> blocks = PemBlock.parse(readText(file), where);
    PrivateKey key = PrivateKeys.parse(blocks, passphrase, where);
    List<PemBlock> others =
        blocks.stream().filter(block -> !PrivateKeys.isPartOfKey(block.label())).toList();
    if (others.isEmpty()) {
      throw new PkiException(
          where + " holds a private key without its certificate; put the certificate behind it");
    }
    return new TlsIdentity(key, certificates(others, where));
  }

  /** A text of certificates, in the given order. */
  public static String encode(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        text.append(PemBlock.encode("CERTIFICATE", certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a certificate that was read cannot be written", e);
      }
    }
    return text.toString();
  }

  /** A text with the key as PKCS#8, not encrypted: for files only the owner may read. */
  public static String encode(PrivateKey key) {
    byte[] encoded = key.getEncoded();
    if (encoded == null) {
      throw new IllegalArgumentException("this private key cannot leave its token");
    }
    return PemBlock.encode("PRIVATE KEY", encoded);
  }

  /**
   * A text with the key as PKCS#8, encrypted; takes about 0.2 s, so that guessing the passphrase
   * does too.
   *
   * @throws PkiException if the passphrase has fewer than 8 characters
   */
  public static String encode(PrivateKey key, Passphrase passphrase, SecureRandom random)
      throws PkiException {
    return PemBlock.encode("ENCRYPTED PRIVATE KEY", EncryptedKeys.encrypt(key, passphrase, random));
  }

  static String readText(Path file) throws PkiException {
    try {
      long size = Files.size(file);
      if (size > PemBlock.TEXT_CHARS_MAX) {
        throw new PkiException(
            quoted(file)
                + " has "
                + size
                + " bytes, more than the limit of "
                + PemBlock.TEXT_CHARS_MAX);
      }
      // Latin-1: comments between blocks may be in any encoding, the blocks are ASCII.
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw FileProblems.explain("read", file, e);
    }
  }

  static String quoted(Path file) {
    return "\"" + file + "\"";
  }
}
