# Finds a JDK for the scripts of this project, and runs Maven on it; sourced by them.
#
# Expects: home (the project). SIGNALBOX_JAVA, the java program or the folder of a JDK, is taken if it is set; otherwise the
# first JDK that is new enough of JAVA_HOME, the usual folders of this system, and PATH.
# shellcheck shell=bash

readonly java_minimum=25

say() { printf 'signalbox: %s\n' "$*" >&2; }

# The Java version of a JDK folder without starting it; 0 when it is none.
version_of() {
  local line
  if [[ -x $1/bin/java && -r $1/release ]]; then
    while IFS= read -r line || [[ -n $line ]]; do
      if [[ $line =~ ^JAVA_VERSION=\"1\.([0-9]+) || $line =~ ^JAVA_VERSION=\"([0-9]+) ]]; then
        echo "${BASH_REMATCH[1]}"
        return
      fi
    done <"$1/release"
  fi
  echo 0
}

# Folders that may hold a JDK, best first.
jdk_folders() {
  local java
  printf '%s\n' "${JAVA_HOME:-}"
  if [[ -x /usr/libexec/java_home ]]; then # macOS
    /usr/libexec/java_home -v "$java_minimum+" 2>/dev/null || true
  fi
  # Newest first, so that a long-term release beside an older one is found.
  printf '%s\n' /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.local/share/mise/installs/java/* | sort -rV
  java=$(command -v java || true)
  if [[ -n $java ]]; then
    java=$(readlink -f -- "$java")
    echo "${java%/*/*}"
  fi
}

absolute() {
  if [[ $1 == /* ]]; then echo "$1"; else echo "$PWD/$1"; fi
}

# The absolute path of a JDK's folder, also where it was named by a relative one.
find_jdk() {
  local folder
  if [[ -n ${SIGNALBOX_JAVA:-} ]]; then
    folder=$SIGNALBOX_JAVA
    [[ -d $folder ]] || folder=$(dirname -- "$(dirname -- "$(readlink -f -- "$folder")")")
    if (($(version_of "$folder") < java_minimum)); then
      say "SIGNALBOX_JAVA is \"$SIGNALBOX_JAVA\", which is no Java $java_minimum or newer"
      return 1
    fi
    absolute "$folder"
    return
  fi
  while IFS= read -r folder; do
    if [[ -n $folder ]] && (($(version_of "$folder") >= java_minimum)); then
      absolute "$folder"
      return
    fi
  done < <(jdk_folders)
  say "found no Java $java_minimum or newer. Install one and try again:"
  say "  Debian, Ubuntu:  apt install openjdk-$java_minimum-jdk   or Temurin from https://adoptium.net"
  say "  Fedora:          dnf install java-$java_minimum-openjdk-devel"
  say "  macOS:           brew install openjdk@$java_minimum"
  say "or set SIGNALBOX_JAVA to the folder of one that is elsewhere."
  return 1
}

maven_program() {
  if [[ -x $home/mvnw ]]; then echo "$home/mvnw"; else command -v mvn || true; fi
}

# Maven with these arguments, without its own warnings about what later JDKs will forbid.
maven() {
  local folder
  folder=$(find_jdk)
  JAVA_HOME=$folder \
    MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" \
    "$(maven_program)" "$@"
}
