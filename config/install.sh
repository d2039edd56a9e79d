#!/bin/sh
# Installs dlp on Debian or Ubuntu: account, folders, program, configuration, units, log rotation.
# May be run again at any time: what is there and the same stays as it is, your configuration is never overwritten.
set -eu

usage() {
    cat <<'END'
Usage: config/install.sh [OPTION]...

  --dry-run         say what would be done, and do nothing
  --root DIR        install beneath DIR (for packages and tests): no account, no packages, no daemon-reload
  --no-program      do not set up the Python environment (it is there, or comes otherwise)
  --no-packages     do not install Debian packages
  --uninstall       take away program, units and log rotation; configuration, state, logs and account stay
  --help            this text

Nothing is started: the last lines say how.
END
}

dry=no root= program=yes packages=yes uninstall=no
units="dlp-scan.service dlp-scan.timer dlp-watch.service dlp-worker.service dlp-relay.service"
while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry=yes ;;
        --root) [ $# -gt 1 ] || { usage >&2; exit 2; }; shift; root=${1%/} ;;
        --no-program) program=no ;;
        --no-packages) packages=no ;;
        --uninstall) uninstall=yes ;;
        --help) usage; exit 0 ;;
        *) echo "install.sh: no option $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")

if [ -z "$root" ] && [ "$dry" = no ] && [ "$(id -u)" != 0 ]; then
    echo "install.sh: must be run as root (or look first, with --dry-run)" >&2
    exit 2
fi

# Says what is done, and does it unless this is a dry run.
act() {
    echo "$*"
    if [ "$dry" = no ]; then "$@"; fi
}

# folder MODE PATH, whose owner is the service's account where there is one
folder() {
    if [ -d "$root$2" ]; then return 0; fi
    if [ -z "$root" ]; then
        act install -d -m "$1" -o dlp -g dlp "$2"
    else
        act install -d -m "$1" "$root$2"
    fi
}

# put MODE FILE TARGET: a file of ours, replaced where it is another
put() {
    if cmp -s "$2" "$root$3"; then return 0; fi
    act install -D -m "$1" "$2" "$root$3"
    changed=yes
}

# keep MODE FILE TARGET: a file of yours, only ever made
keep() {
    if [ -e "$root$3" ]; then return 0; fi
    act install -D -m "$1" "$2" "$root$3"
    if [ -z "$root" ]; then act chown root:dlp "$3"; fi
}

changed=no

if [ "$uninstall" = yes ]; then
    for unit in $units; do
        [ -e "$root/etc/systemd/system/$unit" ] || continue
        if [ -z "$root" ] && [ -d /run/systemd/system ]; then act systemctl disable --now "$unit"; fi
        act rm "$root/etc/systemd/system/$unit"
        changed=yes
    done
    if [ -e "$root/etc/logrotate.d/dlp" ]; then act rm "$root/etc/logrotate.d/dlp"; fi
    if [ -d "$root/opt/dlp" ]; then act rm -r "$root/opt/dlp"; fi
    if [ "$changed" = yes ] && [ -z "$root" ] && [ -d /run/systemd/system ]; then act systemctl daemon-reload; fi
    cat <<'END'

What is yours is still there: /etc/dlp, /var/lib/dlp (what was found, held mail, keys), /var/log/dlp, the account dlp.
Delete it when nobody needs it any more: rm -r /etc/dlp /var/lib/dlp /var/log/dlp; userdel dlp
END
    exit 0
fi

if [ -z "$root" ]; then
    if [ "$packages" = yes ] && command -v apt-get >/dev/null; then
        missing=
        for name in python3 python3-venv; do
            dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing="$missing $name"
        done
        # One word for each package.
        # shellcheck disable=SC2086
        if [ -n "$missing" ]; then act apt-get install --yes --no-install-recommends $missing; fi
    fi
    if ! getent passwd dlp >/dev/null; then
        act useradd --system --home-dir /var/lib/dlp --shell /usr/sbin/nologin --user-group dlp
    fi
fi

folder 0700 /var/lib/dlp
folder 0700 /var/lib/dlp/reports
folder 0750 /var/log/dlp
[ -d "$root/etc/dlp" ] || act install -d -m 0755 "$root/etc/dlp"
[ -d "$root/opt/dlp" ] || act install -d -m 0755 "$root/opt/dlp"

if [ "$program" = yes ]; then
    bin=$root/opt/dlp/.venv/bin
    [ -x "$bin/python" ] || act python3 -m venv "$root/opt/dlp/.venv"
    # Every package with the hash that it was tested with.
    if ! cmp -s "$source/requirements.lock" "$root/opt/dlp/requirements.lock"; then
        act "$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
            --requirement "$source/requirements.lock"
        act install -m 0644 "$source/requirements.lock" "$root/opt/dlp/requirements.lock"
    fi
    act "$bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$source"
fi

if [ ! -e "$root/etc/dlp/dlp.yaml" ]; then
    keep 0640 "$here/dlp.example.yaml" /etc/dlp/dlp.yaml
    # The services and whoever tries something by hand look at the same state.
    act sed -i '/^state:/,/^storage:/s|^  directory: null|  directory: /var/lib/dlp|' "$root/etc/dlp/dlp.yaml"
fi
keep 0640 "$here/scan.example.env" /etc/dlp/scan.env
for unit in $units; do
    put 0644 "$here/systemd/$unit" "/etc/systemd/system/$unit"
done
put 0644 "$here/logrotate/dlp" /etc/logrotate.d/dlp

if [ "$changed" = yes ] && [ -z "$root" ] && [ -d /run/systemd/system ]; then act systemctl daemon-reload; fi

cat <<'END'

Now:
  1. edit /etc/dlp/dlp.yaml and /etc/dlp/scan.env   (who you are, what is scanned and when)
  2. runuser -u dlp -- /opt/dlp/.venv/bin/dlp doctor --config /etc/dlp/dlp.yaml
  3. systemctl enable --now dlp-scan.timer          (and dlp-watch, dlp-worker, dlp-relay as you need them)
The morning report is /var/lib/dlp/reports/report.html, its first page siro.pdf.
END
