package io.signalbox.it.operation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.interop.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./signalbox}, which chooses options of the virtual machine. */
final class StartScriptTest {
  private static final Path SCRIPT =
      Path.of(System.getProperty("signalbox.docs")).resolveSibling("signalbox");

  /** The virtual machine takes no two collectors. */
  @ParameterizedTest
  @CsvSource({
    "serve, ''",
    "serve, -XX:+UseParallelGC",
    "serve, -Xmx64m -XX:+UseSerialGC",
    "serve, -XX:+UseG1GC -XX:MaxGCPauseMillis=50",
    "serve, -XX:MinHeapFreeRatio=50",
    "bench, -XX:+UseZGC",
    "token, -XX:+UseParallelGC"
  })
  void takesTheOptionsOfItsUser(String command, String options) throws Exception {
    String said = run(options, command, "--help");
    assertTrue(said.startsWith("Usage: signalbox " + command), said);
  }

  /** As a supervisor may start it. */
  @Test
  void findsAJavaWithoutAHome() throws Exception {
    String folder = System.getProperty("java.home");
    List<String> command =
        List.of(
            "env",
            "-i",
            "PATH=" + System.getenv("PATH"),
            "JAVA_HOME=" + folder,
            "bash",
            "-eu",
            "-c");
    String script = "home=" + SCRIPT.getParent() + "; . \"$home/build-tools/jdk.sh\"; jdk_folders";

    String said = run(Map.of(), Stream.concat(command.stream(), Stream.of(script)).toList());

    assertTrue(said.lines().count() > 1, said);
    assertTrue(said.startsWith(folder + System.lineSeparator()), said);
    assertFalse(said.contains("unbound"), said);
  }

  /** The build runs in another folder than the one that the name is relative to. */
  @ParameterizedTest
  @ValueSource(strings = {"SIGNALBOX_JAVA=jdk", "SIGNALBOX_JAVA=jdk/bin/java", "JAVA_HOME=jdk"})
  void buildsAndRunsOnAJdkThatIsNamedRelatively(String named, @TempDir Path home) throws Exception {
    Path script = builtProject(home);
    Files.createFile(home.resolve("server/target/signalbox.unfinished"));
    Path maven = home.resolve("mvnw");
    Files.writeString(maven, "#!/usr/bin/env bash\necho built on $JAVA_HOME\n");
    assertTrue(maven.toFile().setExecutable(true));
    Path folder = Files.createDirectory(home.resolve("folder"));
    Path jdk = jdkThatPrintsItsOptions(folder.resolve("jdk"));
    String start = "cd $0 && exec env -u SIGNALBOX_JAVA " + named + " $1 version";

    String said = run(Map.of(), List.of("bash", "-c", start, folder.toString(), script.toString()));

    assertTrue(said.contains("built on " + jdk + System.lineSeparator()), said);
    assertTrue(said.contains(" -jar "), said);
  }

  @Test
  void whatIsChangedDuringABuildIsBuiltByTheNextStart(@TempDir Path home) throws Exception {
    Path script = builtProject(home);
    Files.createFile(home.resolve("server/target/signalbox.unfinished"));
    Path maven = home.resolve("mvnw");
    Files.writeString(
        maven,
        """
        #!/usr/bin/env bash
        cd "${0%/*}"
        if [[ ! -e $changed ]]; then
          until [[ $changed -nt server/target/signalbox.unfinished ]]; do touch "$changed"; done
        fi
        mkdir -p pki/target/classes server/target/classes/page
        for built in $written; do
          [[ -e $built ]] || touch "$built"
        done
        touch server/target/signalbox.jar
        """);
    assertTrue(maven.toFile().setExecutable(true));
    Path jdk = jdkThatPrintsItsOptions(home.resolve("jdk"));
    List<String> start = List.of(script.toString(), "version");
    Path changed = home.resolve("server/src/main/Changed.java");
    Map<String, String> environment =
        Map.of(
            "SIGNALBOX_JAVA",
            jdk.toString(),
            "changed",
            changed.toString(),
            "written",
            "pki/target/classes/A.class server/target/classes/page/licenses.txt"
                + " server/target/classes/kept.txt");
    Path compiled = home.resolve("pki/target/classes/A.class");
    Path page = home.resolve("server/target/classes/page/licenses.txt");
    String building = "building (first use or changed sources";
    assertTrue(run(environment, start).contains(building));
    assertFalse(Files.exists(compiled), "it is newer than what it was not made of");
    assertFalse(Files.exists(page), "it is newer than what it was not made of");
    assertTrue(Files.exists(home.resolve("server/target/classes/kept.txt")));

    assertTrue(run(environment, start).contains(building), "it was changed meanwhile");
    assertTrue(Files.exists(compiled) && Files.exists(page), "nothing was changed meanwhile");

    String said = run(environment, start);
    assertFalse(said.contains(building), said);
    assertTrue(said.contains("-XX:AOTCache="), said);
  }

  /** As a service does on a folder of somebody else, after {@code git pull}. */
  @Test
  void runsTheOldJarWhereItsUserMayNotBuildANewOne(@TempDir Path home) throws Exception {
    Path script = builtProject(home);
    Path jdk = jdkThatPrintsItsOptions(home.resolve("jdk"));
    Path maven = home.resolve("mvnw");
    Files.writeString(maven, "#!/usr/bin/env bash\necho Maven was asked\n");
    assertTrue(maven.toFile().setExecutable(true));
    Files.createFile(home.resolve("server/src/main/Changed.java"));
    run(Map.of(), List.of("chmod", "-R", "a+rX,a-w", home.toString()));
    Map<String, String> environment = Map.of("SIGNALBOX_JAVA", jdk.toString());
    List<String> start =
        Stream.concat(
                withoutRoot(),
                Stream.of("bash", "-c", "$0 version || echo ended with $?", "" + script))
            .toList();

    String said = run(environment, start);
    assertTrue(said.contains("server/target\" to build it; running the old one"), said);
    assertTrue(said.contains("version\" once as the owner of the folder"), said);
    assertTrue(said.contains(" -jar "), said);
    assertFalse(said.contains("Maven was asked") || said.contains("ended with"), said);

    assertTrue(home.resolve("server/target").toFile().setWritable(true));
    Files.delete(home.resolve("server/target/signalbox.jar"));
    run(Map.of(), List.of("chmod", "-R", "a-w", home.toString()));
    said = run(environment, start);
    assertTrue(said.contains("not built yet, and "), said);
    assertTrue(said.contains("ended with 1"), said);
  }

  /** Root may write everywhere; it runs a command as the user {@code nobody}. */
  private static Stream<String> withoutRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid") instanceof Integer id && id == 0
        ? Stream.of(
            Program.find("setpriv", "util-linux"),
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups")
        : Stream.of();
  }

  /** Java tells of a terminal only where standard output is one too. */
  @Test
  void tellsThatStandardInputIsATerminal(@TempDir Path home) throws Exception {
    Path script = builtProject(home);
    Path jdk = jdkThatPrintsItsOptions(home.resolve("jdk"));
    Map<String, String> environment =
        Map.of("SIGNALBOX_JAVA", jdk.toString(), "SIGNALBOX_BUILD", "never");
    String terminal = "-Dsignalbox.stdin-terminal=true";
    String said = home.resolve("said").toString();
    String typed = script + " version >" + said;

    run(environment, List.of(Program.find("script", "script"), "-qec", typed, "/dev/null"));

    assertTrue(Files.readString(Path.of(said)).contains(terminal), said);
    assertFalse(run(environment, List.of(script.toString(), "version")).contains(terminal));
  }

  /** What is sent to have files read again, which the broker does by itself, is not the end. */
  @Test
  void aSupervisorsHangUpDoesNotEndTheBroker(@TempDir Path home) throws Exception {
    Path script = builtProject(home);
    Path jdk = home.resolve("jdk");
    Path java = Files.createDirectories(jdk.resolve("bin")).resolve("java");
    Files.writeString(java, "#!/usr/bin/env bash\nkill -HUP $$\necho goes on\n");
    assertTrue(java.toFile().setExecutable(true));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25\"\n");
    Map<String, String> environment =
        Map.of("SIGNALBOX_JAVA", jdk.toString(), "SIGNALBOX_BUILD", "never");

    assertTrue(run(environment, List.of(script.toString(), "serve")).contains("goes on"));
  }

  /** As "mvn verify" leaves it: built, but without a class cache. */
  @Test
  void theFirstStartRecordsTheClassesOfAJarThatHasNoCache(@TempDir Path home) throws Exception {
    Path script = builtProject(home);

    List<String> serve = List.of(script.toString(), "serve", "--help");
    assertTrue(run(Map.of(), serve).contains("recording a class cache, once"));
    assertTrue(Files.size(home.resolve("server/target/signalbox.aot")) > 1_000_000);
    String loads = "-XX:AOTMode=on -Xlog:disable -Xlog:all=error:stderr"; // fails without a cache
    String said = run(Map.of("SIGNALBOX_JAVA_OPTIONS", loads), serve);
    assertTrue(said.startsWith("Usage: signalbox serve"), said);
  }

  /** The virtual machine takes a class cache only of itself. */
  @Test
  void aClassCacheOfAnotherJdkIsNotUsedAndTheNextStartRecordsIt(@TempDir Path home)
      throws Exception {
    Path script = builtProject(home);
    Path jdk = jdkThatPrintsItsOptions(home.resolve("jdk"));
    Path release = jdk.resolve("release");
    List<String> serve = List.of(script.toString(), "serve");
    List<String> version = List.of(script.toString(), "version");
    Map<String, String> environment = Map.of("SIGNALBOX_JAVA", jdk.toString());
    String recording = "recording a class cache, once";
    assertTrue(run(environment, serve).contains(recording));
    assertFalse(run(environment, serve).contains(recording), "there is one");
    assertTrue(run(environment, version).contains("-XX:AOTCache="));

    Files.writeString(release, "JAVA_VERSION=\"25.0.9\"\n");

    assertFalse(run(environment, version).contains("-XX:AOTCache="));
    String said = run(environment, serve);
    assertTrue(said.contains(recording) && said.contains("-XX:AOTCache="), said);
    assertFalse(run(environment, serve).contains(recording), "there is one");
  }

  /** So that {@code token issue >file} writes a token and nothing else. */
  @Test
  void whatTheVirtualMachineWarnsOfIsOnStandardError(@TempDir Path home) throws Exception {
    Path script = builtProject(home);
    Path jdk = Path.of(System.getProperty("java.home"));
    Files.writeString(home.resolve("server/target/signalbox.aot"), "no class cache");
    Files.copy(jdk.resolve("release"), home.resolve("server/target/signalbox.aot.jdk"));

    CommandLine.Result said =
        CommandLine.run(List.of("env", "SIGNALBOX_JAVA=" + jdk, script.toString(), "version"))
            .expectSuccess();

    assertEquals(1, said.out().lines().count(), said.out());
    assertTrue(said.err().contains("[aot]"), said.err());
  }

  /** As cron starts it, and {@code docker exec}. */
  @ParameterizedTest
  @ValueSource(strings = {"", "LANG=C", "LANG=de_DE.UTF-8 LC_ALL=POSIX", "LC_CTYPE=C"})
  void takesArgumentsAsUtf8WithoutALocale(String locale) throws Exception {
    String script =
        "env -u LANG -u LC_ALL -u LC_CTYPE " + locale + " $0 $'K\\xc3\\xbcche' 2>&1 || :";
    List<String> command = List.of("bash", "-c", script, SCRIPT.toString());

    String said = run(Map.of("SIGNALBOX_BUILD", "never"), command);

    assertTrue(said.contains("Küche"), said);
  }

  @Test
  void whatACommandPrintsIsUtf8InAnyLocale(@TempDir Path folder) throws Exception {
    Path users = folder.resolve("users");
    Files.writeString(
        users,
        "Süd - SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
            + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
            + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n");

    CommandLine.Result listed =
        CommandLine.signalbox(
                List.of("-Dstdout.encoding=US-ASCII"),
                "users-file",
                "list",
                "--file",
                users.toString())
            .expectSuccess();

    assertTrue(listed.out().contains("Süd"), listed::out);
  }

  /** The defaults name ::1 too. */
  @Test
  void theRunThatIsRecordedNeedsNoIpv6(@TempDir Path folder) {
    CommandLine.Result trained =
        CommandLine.signalbox(
                List.of("-Djava.net.preferIPv4Stack=true"),
                "serve",
                "--train",
                "--data",
                folder.resolve("data").toString())
            .expectSuccess();
    assertTrue(trained.err().contains("listener wss does without \"::1\""), trained::err);
    assertFalse(trained.err().contains("a client of the training run failed"), trained::err);
  }

  /**
   * A project with the jar and no class cache. The jar is newer than its sources and older than
   * anything made from now on, also where the file system's clock is coarse.
   *
   * @return the script there
   */
  private static Path builtProject(Path home) throws IOException {
    for (String part :
        List.of(
            "build-tools/jdk.sh",
            "build-tools/Licenses.java",
            "build-tools/StackMaps.java",
            "config/signalbox.yaml",
            "pom.xml",
            "acl-policies/pom.xml",
            "pki/pom.xml",
            "server/pom.xml",
            "signalbox")) {
      Path to = home.resolve(part);
      Files.createDirectories(to.getParent());
      Files.copy(SCRIPT.resolveSibling(part), to, StandardCopyOption.COPY_ATTRIBUTES);
      Files.setLastModifiedTime(to, FileTime.from(Instant.EPOCH));
    }
    for (String module : List.of("acl-policies", "pki", "server")) {
      Files.createDirectories(home.resolve(module).resolve("src/main"));
    }
    Path jar = Files.createDirectory(home.resolve("server/target")).resolve("signalbox.jar");
    Files.copy(CommandLine.jar(), jar);
    Files.setLastModifiedTime(jar, FileTime.from(Instant.now().minusSeconds(1)));
    return home.resolve("signalbox");
  }

  private static Path jdkThatPrintsItsOptions(Path jdk) throws IOException {
    Path java = Files.createDirectories(jdk.resolve("bin")).resolve("java");
    Files.writeString(
        java,
        """
        #!/usr/bin/env bash
        for option; do
          [[ $option != -XX:AOTCacheOutput=* ]] || echo recorded >"${option#*=}"
        done
        echo "$@"
        """);
    assertTrue(java.toFile().setExecutable(true));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25\"\n");
    return jdk;
  }

  private static String run(String options, String... arguments)
      throws IOException, InterruptedException {
    return run(
        Map.of("SIGNALBOX_BUILD", "never", "SIGNALBOX_JAVA_OPTIONS", options),
        Stream.concat(Stream.of(SCRIPT.toString()), Stream.of(arguments)).toList());
  }

  private static String run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command);
    builder.environment().put("SIGNALBOX_JAVA", System.getProperty("java.home"));
    builder.environment().keySet().removeIf(name -> name.matches("SIGNALBOX_(BUILD|JAVA_OPTIONS)"));
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it ends");
    assertEquals(0, process.exitValue(), () -> command + " with " + environment + ": " + said);
    return said;
  }
}
