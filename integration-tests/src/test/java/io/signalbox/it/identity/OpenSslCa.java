package io.signalbox.it.identity;

import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.PemFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A certificate authority run with OpenSSL's {@code ca} in a folder. */
public final class OpenSslCa {
  private static final String CONFIG =
      """
      [ca]
      default_ca = it
      [it]
      dir = .
      database = index.txt
      new_certs_dir = .
      certificate = ca.crt
      private_key = ca.key
      serial = serial
      crlnumber = crlnumber
      default_md = sha256
      default_days = 30
      default_crl_days = 7
      policy = any
      unique_subject = no
      [any]
      commonName = supplied
      [device]
      basicConstraints = critical,CA:FALSE
      keyUsage = critical,digitalSignature
      extendedKeyUsage = clientAuth
      [authority]
      basicConstraints = critical,CA:TRUE
      keyUsage = critical,keyCertSign,cRLSign
      [req]
      distinguished_name = name
      [name]
      """;

  private final Path folder;

  private OpenSslCa(Path folder) {
    this.folder = folder;
  }

  /**
   * @param folder there already
   */
  public static OpenSslCa create(Path folder, String commonName) {
    OpenSslCa ca = new OpenSslCa(folder);
    try {
      Files.writeString(folder.resolve("ca.cnf"), CONFIG);
      Files.writeString(folder.resolve("index.txt"), "");
      Files.writeString(folder.resolve("serial"), "1000\n");
      Files.writeString(folder.resolve("crlnumber"), "01\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ca.openssl("ecparam -name prime256v1 -genkey -noout -out ca.sec1");
    ca.openssl("pkcs8 -topk8 -nocrypt -in ca.sec1 -out ca.key");
    ca.openssl(
        "req -x509 -new -key ca.key -days 30 -out ca.crt -config ca.cnf -extensions authority"
            + " -subj /CN="
            + commonName);
    return ca;
  }

  /** Of the authority itself, in PEM. */
  public Path certificate() {
    return folder.resolve("ca.crt");
  }

  /** A key and a certificate; whom the device trusts is the broker's authority. */
  public PemFiles.Device issue(String id, Path trusts) {
    openssl("ecparam -name prime256v1 -genkey -noout -out " + id + ".sec1");
    openssl("pkcs8 -topk8 -nocrypt -in " + id + ".sec1 -out " + id + ".key");
    openssl("req -new -key " + id + ".key -out " + id + ".csr -config ca.cnf -subj /CN=" + id);
    openssl(
        "ca -batch -config ca.cnf -extensions device -notext -in "
            + id
            + ".csr -out "
            + id
            + ".crt");
    return new PemFiles.Device(
        id, folder.resolve(id + ".crt"), folder.resolve(id + ".key"), trusts);
  }

  /**
   * A server's key and certificate with the authority's own behind it: {@code FILE.key}, {@code
   * FILE.crt}.
   *
   * @param more further lines of the certificate's extensions, or none
   */
  void issueServer(String file, String host, String more) throws IOException {
    Files.writeString(
        folder.resolve("server.ext"),
        "subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n%s".formatted(host, more));
    openssl("ecparam -name prime256v1 -genkey -noout -out s.sec1");
    openssl("pkcs8 -topk8 -nocrypt -in s.sec1 -out s.key");
    openssl("req -new -key s.key -out s.csr -config ca.cnf -subj /CN=" + host);
    openssl("ca -batch -config ca.cnf -extfile server.ext -notext -in s.csr -out s.crt");
    Files.writeString( // stapling asks about a certificate whose issuer stands behind it
        folder.resolve("s.crt"),
        Files.readString(folder.resolve("s.crt")) + Files.readString(certificate()));
    for (String kind : List.of(".key", ".crt")) {
      Files.move(
          folder.resolve("s" + kind),
          folder.resolve(file + kind),
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Notes it in the index; a list or an answer made from now on says so. */
  public void revoke(String id) {
    revoke(id, "keyCompromise");
  }

  /** Revokes it until {@link #release}. */
  public void hold(String id) {
    revoke(id, "certificateHold");
  }

  private void revoke(String id, String reason) {
    openssl("ca -config ca.cnf -revoke " + id + ".crt -crl_reason " + reason);
  }

  /**
   * Ends a hold. OpenSSL has no command for it: the line in the index becomes that of a valid one.
   */
  public void release(String id) {
    Path index = folder.resolve("index.txt");
    try {
      String lines =
          Files.readAllLines(index).stream()
              .map(
                  line ->
                      line.endsWith("/CN=" + id)
                          ? line.replaceFirst("^R\t([^\t]*)\t[^\t]*\t", "V\t$1\t\t")
                          : line)
              .collect(Collectors.joining("\n", "", "\n"));
      Files.writeString(folder.resolve("index.new"), lines);
      Files.move(folder.resolve("index.new"), index, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the list as it is now, in one step, so that nobody reads half of it. */
  public Path writeList(Path file) {
    openssl("ca -config ca.cnf -gencrl -out fresh.crl");
    try {
      return Files.move(folder.resolve("fresh.crl"), file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs openssl in the authority's folder; gives its standard output. */
  public String openssl(String arguments) {
    List<String> words = new ArrayList<>(List.of("sh", "-c"));
    words.add("cd \"$0\" && exec openssl " + arguments);
    words.add(folder.toString());
    return CommandLine.run(words).expectSuccess().out();
  }
}
