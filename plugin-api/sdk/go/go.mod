module blockhost.org/sdk

go 1.19
