/* Nobody listens at /dev/log, which syslog does not mind. */
#include <stdio.h>
#include <syslog.h>

int main(void)
{
    openlog("corpus", LOG_NDELAY, LOG_USER);
    syslog(LOG_INFO, "ok");
    puts("ok");
    return 0;
}
