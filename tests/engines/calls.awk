# Of what `strace -f` wrote: the system calls that are made under a seccomp filter until the program
# of the container is executed, a name a line, each once.
#
# A filter is one thread's, with TSYNC all threads' of its process; threads and children inherit it.

# The rest of the line is what the call returned.
function finish(thread, name, line) {
  if (line ~ / = -1 E| = \?/)
    return
  if (name ~ /^(clone|clone3|fork|vfork)$/) {
    child = line
    sub(/.* = /, "", child)
    process[child] = line ~ /CLONE_THREAD/ ? process[thread] : child
    if (thread in filtered)
      filtered[child]
  } else if (line ~ /^(seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_SECCOMP)/) {
    filtered[thread]
    for (other in process)
      if (line ~ /TSYNC/ && process[other] == process[thread])
        filtered[other]
  } else if (name ~ /^execve(at)?$/)
    for (other in process)
      if (process[other] == process[thread])
        delete filtered[other]
}

{
  thread = $1
  if (!(thread in process))
    process[thread] = thread
  line = $0
  sub(/^[0-9]+ +/, "", line)
}
line ~ /^<\.\.\. [a-z0-9_]+ resumed>/ {
  name = substr(line, 6)
  sub(/ .*/, "", name)
  finish(thread, name, begun[thread] " " line)
  next
}
line ~ /^[a-z][a-z0-9_]*\(/ {
  name = substr(line, 1, index(line, "(") - 1)
  if (thread in filtered && !noted[name]++)
    print name
  if (line ~ / <unfinished \.\.\.>$/)
    begun[thread] = line
  else
    finish(thread, name, line)
}
