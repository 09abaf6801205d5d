target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"
@at_ = external global i8
declare i16 @llvm.bswap.i16(i16)
declare i32 @llvm.bswap.i32(i32)
declare i64 @llvm.bswap.i64(i64)

define i64 @tracepoint_syscalls_sys_enter_openat_1(i64 %a0) nounwind section "tracepoint/syscalls/sys_enter_openat" !dbg !4 {
b0:
  %s0 = alloca [4 x i8], align 8
  %t0 = trunc i64 0 to i32, !dbg !5
  %t1 = ptrtoint [4 x i8]* %s0 to i64, !dbg !5
  %t2 = inttoptr i64 %t1 to i32*, !dbg !5
  store i32 %t0, i32* %t2, align 4, !dbg !5
  %v0 = call i64 inttoptr (i64 14 to i64 ()*)(), !dbg !6
  %v2 = lshr i64 %v0, 32, !dbg !6
  %t3 = icmp ne i64 %v2, 123, !dbg !7
  br i1 %t3, label %b3, label %b2, !dbg !7
b3:
  %v7 = call i64 asm sideeffect "relocation.0.${:uid}: $0 = *(u32 *)($1 + 32)", "=r,r"(i64 %a0), !dbg !8
  %v8 = call i64 asm "relocation.1.${:uid}: $0 <<= 32", "=r,0"(i64 %v7), !dbg !8
  %v9 = call i64 asm "relocation.1.${:uid}: $0 s>>= 32", "=r,0"(i64 %v8), !dbg !8
  %t4 = icmp sgt i64 %v9, 10, !dbg !9
  br i1 %t4, label %b1, label %b2, !dbg !9
b1:
  %t5 = ptrtoint [4 x i8]* %s0 to i64, !dbg !5
  %v20 = call i64 inttoptr (i64 1 to i64 (i64, i64)*)(i64 ptrtoint (i8* @at_ to i64), i64 %t5), !dbg !5
  %t6 = icmp ne i64 %v20, 0, !dbg !5
  br i1 %t6, label %b4, label %b5, !dbg !5
b4:
  %t7 = inttoptr i64 %v20 to i64*, !dbg !5
  %v23 = load i64, i64* %t7, align 8, !dbg !5
  %v24 = add i64 %v23, 1, !dbg !5
  %t8 = inttoptr i64 %v20 to i64*, !dbg !5
  store i64 %v24, i64* %t8, align 8, !dbg !5
  br label %b6, !dbg !5
b6:
  ret i64 1, !dbg !10
b2:
  ret i64 1, !dbg !9
b5:
  br label %b6, !dbg !5
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!3}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, producer: "bpfcast", emissionKind: FullDebug)
!1 = !DIFile(filename: "stdin", directory: "")
!2 = !DISubroutineType(types: !{null})
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "tracepoint_syscalls_sys_enter_openat_1", scope: !1, file: !1, line: 1, type: !2, spFlags: DISPFlagDefinition, unit: !0)
!5 = !DILocation(line: 1, column: 73, scope: !4)
!6 = !DILocation(line: 1, column: 39, scope: !4)
!7 = !DILocation(line: 1, column: 43, scope: !4)
!8 = !DILocation(line: 1, column: 59, scope: !4)
!9 = !DILocation(line: 1, column: 65, scope: !4)
!10 = !DILocation(line: 1, column: 86, scope: !4)
