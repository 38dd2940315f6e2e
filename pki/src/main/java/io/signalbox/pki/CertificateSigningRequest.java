package io.signalbox.pki;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A request for a certificate (PKCS#10, RFC 2986). An instance exists only after its signature was
 * checked with the key inside it: whoever made it holds the private key.
 */
public final class CertificateSigningRequest {
  /** Real requests have 0.3 to 3 KB. */
  static final int REQUEST_BYTES_MAX = 64 * 1024;

  private final byte[] der;
  private final PublicKey publicKey;
  private final SubjectNames names;

  private CertificateSigningRequest(byte[] der, PublicKey publicKey, SubjectNames names) {
    this.der = der;
    this.publicKey = publicKey;
    this.names = names;
  }

  /** A request signed by the key it is for. */
  public static CertificateSigningRequest create(
      KeyPair keys, SubjectNames names, SecureRandom random) {
    KeyAlgorithm algorithm =
        KeyAlgorithm.of(keys.getPublic())
            .orElseThrow(() -> new IllegalArgumentException("not a key of a supported type"));
    try {
      var builder =
          new JcaPKCS10CertificationRequestBuilder(NameWriter.subject(names), keys.getPublic());
      if (names.hasAlternativeNames()) {
        var extensions = new ExtensionsGenerator();
        extensions.addExtension(
            Extension.subjectAlternativeName, false, NameWriter.alternatives(names));
        builder.addAttribute(
            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
      }
      byte[] der = builder.build(Signing.signer(keys.getPrivate(), algorithm, random)).getEncoded();
      return new CertificateSigningRequest(der, keys.getPublic(), names);
    } catch (IOException e) {
      throw new IllegalStateException("a request that was built cannot be encoded", e);
    }
  }

  /** Reads and checks a PEM file. */
  public static CertificateSigningRequest read(Path file) throws PkiException {
    return parsePem(Pem.readText(file), Pem.quoted(file));
  }

  /**
   * Reads and checks a PEM text with one request.
   *
   * @param where the text's origin, for messages
   */
  public static CertificateSigningRequest parsePem(String text, String where) throws PkiException {
    List<PemBlock> blocks = PemBlock.parse(text, where);
    PemBlock block = blocks.getFirst();
    // Some old tools write the second label.
    if (blocks.size() != 1
        || !(block.label().equals("CERTIFICATE REQUEST")
            || block.label().equals("NEW CERTIFICATE REQUEST"))) {
      throw new PkiException(
          where
              + ": expected one block \"CERTIFICATE REQUEST\", found "
              + blocks.size()
              + " beginning with \""
              + block.label()
              + "\"");
    }
    return parse(block.der(), where);
  }

  /**
   * Reads a request and checks its size, its key, its proof of possession and its names, in this
   * order: cheap checks first.
   *
   * @param where the origin, for messages
   */
  public static CertificateSigningRequest parse(byte[] der, String where) throws PkiException {
    if (der.length > REQUEST_BYTES_MAX) {
      throw new PkiException(
          where
              + ": the signing request has "
              + der.length
              + " bytes, more than the limit of "
              + REQUEST_BYTES_MAX);
    }
    try {
      var request = new JcaPKCS10CertificationRequest(der);
      PublicKey key = supportedKey(request, where);
      if (!isSignedBy(key, request, where)) {
        throw new PkiException(
            where
                + ": the signing request was not signed by the key it is for, or was changed since;"
                + " make it again with the device's own key");
      }
      return new CertificateSigningRequest(der.clone(), key, names(request));
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      String detail =
          e instanceof IllegalArgumentException && e.getMessage() != null
              ? ": " + e.getMessage()
              : "";
      throw new PkiException(
          where + ": not a usable signing request (PKCS#10)" + detail + "; make it again", e);
    }
  }

  /** The key that shall be certified; its holder has proven to own the private one. */
  public PublicKey publicKey() {
    return publicKey;
  }

  /**
   * The names asked for; a profile decides about them. Without what identifies nobody here, and so
   * comes into no certificate: further attributes of the subject, which many tools put in unasked,
   * and alternative names of other kinds.
   */
  public SubjectNames names() {
    return names;
  }

  /** Whether this certificate is for the very key and the names that are asked for. */
  public boolean isMetBy(X509Certificate certificate) throws PkiException {
    return Arrays.equals(certificate.getPublicKey().getEncoded(), publicKey.getEncoded())
        && ClientIdentity.namesOf(certificate).equals(names);
  }

  public byte[] encoded() {
    return der.clone();
  }

  public String toPem() {
    return PemBlock.encode("CERTIFICATE REQUEST", der);
  }

  private static PublicKey supportedKey(JcaPKCS10CertificationRequest request, String where)
      throws PkiException, GeneralSecurityException {
    SubjectPublicKeyInfo info = request.getSubjectPublicKeyInfo();
    if (PublicKeyInfo.algorithm(info).isEmpty()) {
      throw new PkiException(
          where
              + ": the key is "
              + PublicKeyInfo.describe(info)
              + ", which is not supported; use EC P-256");
    }
    return request.getPublicKey();
  }

  private static boolean isSignedBy(
      PublicKey key, JcaPKCS10CertificationRequest request, String where)
      throws PkiException, IOException {
    byte[] signed = request.toASN1Structure().getCertificationRequestInfo().getEncoded("DER");
    return SignatureCheck.isValid(
        key, request.getSignatureAlgorithm(), signed, request.getSignature(), where);
  }

  private static SubjectNames names(PKCS10CertificationRequest request) {
    Extensions extensions = request.getRequestedExtensions();
    Extension alternatives =
        extensions == null ? null : extensions.getExtension(Extension.subjectAlternativeName);
    return NameReader.read(
        request.getSubject(),
        alternatives == null
            ? new GeneralName[0]
            : NameReader.alternatives(alternatives.getParsedValue()));
  }
}
