# scdoc writes a paragraph macro after each heading and before the end of each indented part, and
# mandoc warns of them. This keeps one only where a paragraph begins.
/^\.P$/ { wanted = 1; next }
/^\.RE$/ { print; next }
/^\.(TH|SH|SS) / { print; wanted = 0; after_heading = 1; next }
{
    if (wanted && !after_heading)
        print ".P"
    wanted = after_heading = 0
    print
}
